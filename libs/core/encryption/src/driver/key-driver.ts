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
  /** Of these there must be one in the cluster; registrations are passed on to whoever leads. */
  readonly leaderOnly: boolean;
  payload(signal: AbortSignal): Promise<Uint8Array> | Uint8Array;
}

/** After these the engine or the applier has said what there is to say, and nothing more will be applied. */
const OVER: readonly ErrorCode[] = ['APPLY_HALTED', 'DRAINING', 'CANCELLED', 'STORE_CLOSED'];
/** Somebody else was faster: the next look at the state shows it. */
const OVERTAKEN: readonly ErrorCode[] = ['ENCRYPTION_ALREADY_BOOTSTRAPPED', 'LOCAL_EPOCH_ROLLBACK'];
const ATTEMPTS_BEFORE_DEGRADED = 3;
/** Pauses grow no further than with this attempt, to less than a second: users wait behind a registration. */
const LONGEST_PAUSE = 3;

/**
 * Brings every group to where it may serve: bootstrap and both enabling entries for a node born encrypted
 * that leads, then the registration of this process's epochs, on every member, whoever leads. What to do
 * next is read from the applied state each time, so a start resumes whatever an earlier one left off, at
 * whichever entry it was killed; and again whenever that state changes, for as long as the node runs.
 *
 * A node that joined makes no keys: nobody was let in before the cluster had its own.
 */
export class KeyDriver {
  readonly #parts: KeyDriverParts;
  readonly #leaving = new AbortController();
  readonly #left: Promise<void>;

  constructor(parts: KeyDriverParts) {
    this.#parts = parts;
    const { signal } = this.#leaving;
    this.#left = new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }

  /**
   * Resolves once every group that this node leads is ready, and rejects with what keeps one from it;
   * conditions that pass are waited for. Groups led elsewhere are brought on in the background.
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

  async #startGroup(id: number): Promise<void> {
    const group = this.#parts.engine.group(id);
    const leads = group.status().leads;
    const ready = this.#drive(group);
    if (leads) await ready;
    void ready
      .then(() => this.#watch(group))
      .catch((error: unknown) => {
        if (!isOver(error) && !this.#leaving.signal.aborted) this.#parts.faults.fatal(toCaissonError(error));
      });
  }

  /** Keys that others make, and rows that a received state brings, may ask for another registration. */
  async #watch(group: ReplicatedGroup): Promise<void> {
    const { state } = this.#parts.node.session(group.id);
    while (!this.#leaving.signal.aborted) {
      const changed = state.changed();
      await this.#drive(group);
      await Promise.race([changed, this.#left]);
    }
  }

  async #drive(group: ReplicatedGroup): Promise<void> {
    const { clock, logger, random } = this.#parts;
    let done: { readonly what: string; readonly position: number } | undefined;
    for (let failures = 0; ; ) {
      this.#leaving.signal.throwIfAborted();
      const step = this.#nextStep(group.id);
      if (step === undefined) return this.#done(failures);
      const isDone = done?.what === step.what;
      const isApplied = isDone && done!.position <= group.status().applied;
      invariant('ENC-7', !isApplied, 'a key entry was applied and is still wanted');
      // Applied where it was passed on to, and not here yet.
      const result = isDone ? undefined : await this.#attempt(group, step);
      if (typeof result === 'number') {
        done = { what: step.what, position: result };
        logger.log('info', 'key entry applied', { group: group.id, entry: step.what });
        continue;
      }
      if (result !== undefined && ++failures >= ATTEMPTS_BEFORE_DEGRADED) this.#degrade(step, result);
      await clock.sleep(pauseMs(Math.min(failures, LONGEST_PAUSE), random), this.#leaving.signal);
    }
  }

  /** The position of the entry on success, the error if it is one that passes; any other is thrown. */
  async #attempt(group: ReplicatedGroup, step: Step): Promise<number | CaissonError> {
    const { signal } = this.#leaving;
    const { leads } = group.status();
    if (step.leaderOnly && !leads) return new CaissonError('NOT_LEADER', { group: group.id });
    try {
      const payload = await step.payload(signal);
      const { position, outcome } = await group.propose(payload, { source: 'system', signal });
      if (outcome.kind !== 'refused') return position;
      if (this.#isWorthRepeating(outcome.error)) return outcome.error;
      throw outcome.error;
    } catch (error) {
      signal.throwIfAborted();
      if (!isCaissonError(error) || isOver(error)) throw error;
      // The way to the leader fails for many reasons, none of which is this node's end.
      if (!leads && this.#stopped === undefined) return error;
      if (this.#isWorthRepeating(error)) return error;
      throw error;
    }
  }

  #nextStep(id: number): Step | undefined {
    const { node } = this.#parts;
    const session = node.session(id);
    const { birth, joined } = node.parts.directory.identity;
    const step = birth === 'encrypted' && joined !== true ? this.#birthStep(session) : undefined;
    if (step !== undefined) return step;
    const [dekId] = session.unregistered;
    if (dekId === undefined) return undefined;
    const epoch = node.keys.seals.epochOf(dekId);
    return {
      what: `registration of epoch ${epoch} under key ${dekId}`,
      leaderOnly: false,
      payload: () => registrationPayload(node, dekId),
    };
  }

  #birthStep(session: GroupSession): Step | undefined {
    const { node } = this.#parts;
    const { current } = session.state;
    const step = (what: string, payload: Step['payload']): Step => ({ what, leaderOnly: true, payload });
    if (!isBootstrapped(current))
      return step('bootstrap', (signal) => bootstrapPayload(node, session, signal));
    if (!current.keys.storageEnvelopeActive) {
      return step('storage envelope', () => enablingPayload(node, session, 'storage'));
    }
    if (!current.keys.raftEnvelopeActive) {
      return step('Raft envelope', () => enablingPayload(node, session, 'raft'));
    }
    return undefined;
  }

  get #stopped(): CaissonError | undefined {
    return this.#parts.node.keys.seals.stopped;
  }

  #isWorthRepeating(error: CaissonError): boolean {
    if (isOver(error) || this.#stopped !== undefined) return false;
    const { retry } = error.entry;
    return retry === 'same-node' || retry === 'other-node' || OVERTAKEN.includes(error.code);
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
