import {
  type AddRequest,
  CaissonError,
  type CallContext,
  type Clock,
  type ClusterProgress,
  type ClusterService,
  type ClusterStatus,
  type DataDirectory,
  type Hashes,
  type ReplicationEngine,
  type StateDigest,
} from '@caisson/contracts';
import { encodeJoinToken, type JoinMember } from '@caisson/formats';
import { MembershipSteps } from './membership-steps.js';
import { digestState } from './state-digest.js';

export interface ClusterParts {
  readonly engine: ReplicationEngine;
  readonly directory: DataDirectory;
  readonly clock: Pick<Clock, 'sleep' | 'turn'>;
  readonly hashes: Pick<Hashes, 'runningSha256'>;
}

type Steps = AsyncGenerator<ClusterProgress, void, undefined>;

const POSITION_PAUSE_MS = 20;

/** The cluster as its operators order it, on top of whatever engine replicates. */
export class Cluster implements ClusterService {
  readonly #parts: ClusterParts;

  constructor(parts: ClusterParts) {
    this.#parts = parts;
  }

  status(): ClusterStatus {
    const { directory, engine } = this.#parts;
    const { name, clusterId } = directory.identity;
    return { node: name, clusterId, groups: engine.groups.map((id) => engine.group(id).status()) };
  }

  async *add(request: AddRequest, context: CallContext): Steps {
    requireMember(request);
    for (const steps of this.#groups(context)) yield* steps.add(request);
  }

  async *promote(name: string, context: CallContext): Steps {
    for (const steps of this.#groups(context)) yield* steps.promote(name);
  }

  async *remove(name: string, context: CallContext): Steps {
    for (const steps of this.#groups(context)) yield* steps.remove(name);
  }

  /** The new node votes in every group before the old one leaves any. */
  async *replace(old: string, by: AddRequest, context: CallContext): Steps {
    requireMember(by);
    if (old === by.name) {
      throw new CaissonError('INVALID_ARGUMENT', { field: 'by', name: old, problem: 'is the same node' });
    }
    if (by.learner === true) {
      throw new CaissonError('INVALID_ARGUMENT', { field: 'learner', problem: 'cannot take a place' });
    }
    yield* this.add(by, context);
    yield* this.remove(old, context);
  }

  async *transfer(target: string | undefined, context: CallContext): Steps {
    for (const steps of this.#groups(context)) yield* steps.transfer(target);
  }

  joinToken(): string {
    const { clusterId, birth, format } = this.#parts.directory.identity;
    const members = new Map<string, JoinMember>();
    for (const { members: ofGroup } of this.status().groups) {
      for (const { name, address = '', clientAddress = '' } of ofGroup) {
        if (address !== '') members.set(name, { name, address, clientAddress });
      }
    }
    const byName = [...members.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return encodeJoinToken({ clusterId, birth, format, members: byName });
  }

  async digest(id: number, position: number, { signal }: CallContext): Promise<StateDigest> {
    const { clock, engine } = this.#parts;
    const group = engine.group(id);
    for (let status = group.status(); status.applied < position; status = group.status()) {
      if (status.halted !== undefined) throw new CaissonError('APPLY_HALTED', { group: id });
      signal?.throwIfAborted();
      await clock.sleep(POSITION_PAUSE_MS, signal);
    }
    return digestState(id, group.store, this.#parts, signal);
  }

  *#groups({ signal }: CallContext): Generator<MembershipSteps, void, undefined> {
    const { clock, directory, engine } = this.#parts;
    const self = directory.identity.name;
    for (const id of engine.groups) {
      yield new MembershipSteps({ engine, clock, group: engine.group(id), self, signal });
    }
  }
}

function requireMember({ name, address }: AddRequest): void {
  for (const [field, value] of Object.entries({ name, address })) {
    if (value === '') throw new CaissonError('INVALID_ARGUMENT', { field, problem: 'is empty' });
  }
}
