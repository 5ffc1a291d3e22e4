import { invariant } from '@caisson/base';
import {
  CaissonError,
  type Clock,
  type ErrorCode,
  type Faults,
  isCaissonError,
  type Logger,
  type Random,
  type ReplicatedGroup,
  type ReplicationEngine,
  toCaissonError,
} from '@caisson/contracts';
import { pauseMs } from '../keys/patience.js';
import type { GroupSession } from '../node/group-session.js';
import type { NodeEncryption } from '../node/node-encryption.js';
import { isBootstrapped } from '../state/group-state.js';
import { bootstrapPayload, enablingPayload, registrationPayload } from './key-entries.js';

export interface KeyDriverParts {
  readonly node: NodeEncryption;
  readonly engine: ReplicationEngine;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly faults: Faults;
}

/** The next entry a group needs from this node. */
interface Step {
  readonly what: string;
  payload(signal: AbortSignal): Promise<Uint8Array> | Uint8Array;
}

/** After these the engine or the applier has said what there is to say, and nothing more will be applied. */
const OVER: readonly ErrorCode[] = ['APPLY_HALTED', 'DRAINING', 'CANCELLED', 'STORE_CLOSED'];
/** Somebody else was faster: the next look at the state shows it. */
const OVERTAKEN: readonly ErrorCode[] = ['ENCRYPTION_ALREADY_BOOTSTRAPPED'];
const ATTEMPTS_BEFORE_DEGRADED = 3;

/**
 * Brings every group to where it may serve: bootstrap and both enabling entries for a node born encrypted,
 * then the registration of this start's epochs. What to do next is read from the applied state each time,
 * so a start resumes whatever an earlier one left off, at whichever entry it was killed.
 */
export class KeyDriver {
  readonly #parts: KeyDriverParts;
  readonly #leaving = new AbortController();

  constructor(parts: KeyDriverParts) {
    this.#parts = parts;
  }

  /**
   * Resolves once every group that this node leads is ready, and rejects with what keeps one from it;
   * conditions that pass are waited for. Groups led elsewhere are watched in the background.
   */
  async start(signal?: AbortSignal): Promise<void> {
    if (!this.#parts.node.enabled) return;
    const leave = () => this.#leaving.abort(signal?.reason);
    if (signal?.aborted) leave();
    signal?.addEventListener('abort', leave, { once: true });
    try {
      await Promise.all(this.#parts.engine.groups.map((id) => this.#startGroup(id)));
    } finally {
      signal?.removeEventListener('abort', leave);
    }
  }

  stop(): void {
    this.#leaving.abort(new CaissonError('DRAINING'));
    this.#parts.node.keys.leave();
  }

  #startGroup(id: number): Promise<void> {
    const group = this.#parts.engine.group(id);
    const driven = this.#drive(group);
    if (group.status().leads) return driven;
    void driven.catch((error: unknown) => {
      if (!isOver(error) && !this.#leaving.signal.aborted) this.#parts.faults.fatal(toCaissonError(error));
    });
    return Promise.resolve();
  }

  async #drive(group: ReplicatedGroup): Promise<void> {
    const { clock, random } = this.#parts;
    let applied: string | undefined;
    for (let failures = 0; ; ) {
      this.#leaving.signal.throwIfAborted();
      const step = this.#nextStep(group.id);
      if (step === undefined) return this.#done(failures);
      invariant('ENC-7', step.what !== applied, 'a key entry was applied and is still wanted');
      const failure = await this.#attempt(group, step);
      if (failure === undefined) {
        applied = step.what;
        this.#parts.logger.log('info', 'key entry applied', { group: group.id, entry: step.what });
        continue;
      }
      failures++;
      if (failures >= ATTEMPTS_BEFORE_DEGRADED) this.#degrade(step, failure);
      await clock.sleep(pauseMs(failures, random), this.#leaving.signal);
    }
  }

  /** `undefined` on success, the error if it is one that passes; any other is thrown. */
  async #attempt(group: ReplicatedGroup, step: Step): Promise<CaissonError | undefined> {
    const { signal } = this.#leaving;
    try {
      if (!group.status().leads) return new CaissonError('NOT_LEADER', { group: group.id });
      const payload = await step.payload(signal);
      const { outcome } = await group.propose(payload, { source: 'system', signal });
      if (outcome.kind === 'refused') throw outcome.error;
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      if (!isCaissonError(error) || !isWorthRepeating(error)) throw error;
      return error;
    }
  }

  #nextStep(id: number): Step | undefined {
    const { node } = this.#parts;
    const session = node.session(id);
    const born = node.parts.directory.identity.birth;
    const step = born === 'encrypted' ? this.#birthStep(session) : undefined;
    if (step !== undefined) return step;
    const [dekId] = session.unregistered;
    if (dekId === undefined) return undefined;
    return { what: `registration under key ${dekId}`, payload: () => registrationPayload(node, dekId) };
  }

  #birthStep(session: GroupSession): Step | undefined {
    const { node } = this.#parts;
    const { current } = session.state;
    if (!isBootstrapped(current)) {
      return { what: 'bootstrap', payload: (signal) => bootstrapPayload(node, session, signal) };
    }
    if (!current.keys.storageEnvelopeActive) {
      return { what: 'storage envelope', payload: () => enablingPayload(node, session, 'storage') };
    }
    if (!current.keys.raftEnvelopeActive) {
      return { what: 'Raft envelope', payload: () => enablingPayload(node, session, 'raft') };
    }
    return undefined;
  }

  #degrade(step: Step, failure: CaissonError): void {
    const { faults, logger } = this.#parts;
    faults.degraded(`${step.what} is not applied yet: ${failure.code}`);
    logger.log('warn', 'a key entry is not applied yet', { entry: step.what, error: failure });
  }

  #done(failures: number): void {
    if (failures >= ATTEMPTS_BEFORE_DEGRADED) this.#parts.faults.recovered();
  }
}

function isOver(error: unknown): boolean {
  return OVER.some((code) => isCaissonError(error, code));
}

function isWorthRepeating(error: CaissonError): boolean {
  if (isOver(error)) return false;
  const { retry } = error.entry;
  return retry === 'same-node' || retry === 'other-node' || OVERTAKEN.includes(error.code);
}
