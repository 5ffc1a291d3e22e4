import {
  CaissonError,
  type Consistency,
  type GroupStatus,
  type KeyReferences,
  type LogEntry,
  type MaintenanceSlice,
  type Proposed,
  type ProposeOptions,
  type ReadableStore,
  type ReadPoint,
  type ReplicatedGroup,
  type ScrubOrder,
  type ScrubState,
  toCaissonError,
} from '@caisson/contracts';
import { fullNodeId } from '@caisson/formats';
import { abortError, genesisPayload, referencesHere, untilAborted } from '@caisson/node';
import { GroupMachinery, type GroupParts } from './group-machinery.js';

/** One group that needs nobody's agreement: what is durable in its log is committed. */
export class SingleGroup implements ReplicatedGroup {
  readonly id: number;
  readonly store: ReadableStore;
  readonly #parts: GroupParts;
  readonly #machinery: GroupMachinery;
  #failure: CaissonError | undefined;
  #draining = false;
  #stopped = false;

  constructor(parts: GroupParts) {
    this.id = parts.id;
    this.store = parts.encryption.readers ?? parts.encryption.store;
    this.#parts = parts;
    this.#machinery = new GroupMachinery(parts, {
      refusal: () => this.#refusal(),
      onHalt: (error) => this.#failWaiting(error),
      onLogFailure: (cause) => this.#failLog(cause),
    });
  }

  /**
   * Brings the store up to the end of the log; a new group gets its first entry. Nothing is served meanwhile.
   */
  async replay(signal?: AbortSignal): Promise<void> {
    const { log, config } = this.#parts;
    const { loop, metrics } = this.#machinery;
    if (log.last === 0) await this.#found();
    for (let next = loop.applied + 1; next <= log.last; next = loop.applied + 1) {
      signal?.throwIfAborted();
      loop.commit(await log.read(next, log.last, config.limits.replayBytes));
      await loop.idle();
      if (loop.halted !== undefined) throw loop.halted;
    }
    metrics.opened(loop.applied);
  }

  async propose(payload: Uint8Array, { source, signal }: ProposeOptions): Promise<Proposed> {
    const { lane, metrics, queue } = this.#machinery;
    try {
      this.#admit(payload, source, signal);
      const proposal = queue.offer(payload, source);
      lane.kick();
      return untilAborted(proposal.answer, signal);
    } catch (error) {
      metrics.proposed('rejected');
      throw error;
    }
  }

  async readBarrier(consistency: Consistency, signal?: AbortSignal): Promise<ReadPoint> {
    const { barrier, loop } = this.#machinery;
    if (signal?.aborted === true) throw abortError(signal);
    const position = consistency === 'stale' ? loop.applied : await untilAborted(barrier.pass(), signal);
    return { position, staleMs: 0 };
  }

  maintain(slice: MaintenanceSlice, signal?: AbortSignal): Promise<void> {
    return this.#machinery.maintenance.run(slice, signal);
  }

  status(): GroupStatus {
    const { lane, loop } = this.#machinery;
    const { name } = this.#parts.identity;
    const halted = loop.halted ?? this.#failure;
    return {
      id: this.id,
      applied: loop.applied,
      durable: lane.durable,
      logStart: this.#parts.log.start.index,
      leads: halted === undefined && !this.#draining,
      leadership: 1,
      leader: name,
      members: [{ name, role: 'voter' }],
      ...(halted === undefined ? {} : { halted: halted.message }),
      refused: loop.refused,
    };
  }

  /** See `ReplicationEngine.scrub`. */
  scrub(order: ScrubOrder): ScrubState {
    const refusal = this.#refusal();
    if (refusal !== undefined) throw refusal;
    return this.#machinery.scrubs.stateOf(order);
  }

  keyReferences(keyId: number, signal?: AbortSignal): Promise<KeyReferences> {
    const { id: group, encryption, log } = this.#parts;
    const catchUp = (limit: AbortSignal | undefined) => this.readBarrier('linearizable', limit);
    return referencesHere({ group, encryption, log, catchUp }, keyId, signal);
  }

  /** Refuses new proposals and waits for those in flight, or until the signal aborts. */
  async drain(signal?: AbortSignal): Promise<void> {
    this.#draining = true;
    const { lane, loop } = this.#machinery;
    const finished = lane.idle().then(() => loop.idle());
    await untilAborted(finished, signal).catch(() => undefined);
  }

  /** Lets the append and the batch under way finish, tells everybody else, and closes store and log. */
  async stop(): Promise<void> {
    this.#draining = true;
    const { answers, lane, loop, metrics, scrubs, writer } = this.#machinery;
    await scrubs.stop();
    await lane.stop();
    this.#failWaiting(drainingError());
    await loop.stop();
    const unknown = new CaissonError('UNKNOWN_OUTCOME', {
      problem: 'the node stopped before it was applied',
    });
    metrics.proposed('failed', answers.failAll(unknown));
    // A slice under way finishes; none starts on a store that is being closed.
    this.#stopped = true;
    await writer.run(() => Promise.resolve());
    try {
      await this.#parts.encryption.close();
    } finally {
      await this.#parts.log.close();
    }
  }

  async #found(): Promise<void> {
    const { log, encryption, identity, services, term } = this.#parts;
    const { lane, loop, ids } = this.#machinery;
    const at = { term, index: 1, proposalId: ids.next() };
    const data = encryption.sealProposal(at, genesisPayload(identity, this.id));
    const entry: LogEntry = { index: at.index, term, kind: 'normal', data };
    const hardState = { term, vote: fullNodeId(identity.name), commit: 0 };
    await log.append({ entries: [entry], hardState });
    lane.founded();
    services.logger.log('info', 'founded the group', { clusterBirth: identity.birth });
    loop.commit([entry]);
    await loop.idle();
    if (loop.halted !== undefined) throw loop.halted;
  }

  /**
   * Throws why nothing is proposed. A payload that no applier owns stops here: in the log it would halt every
   * replica at every start.
   */
  #admit(payload: Uint8Array, source: ProposeOptions['source'], signal: AbortSignal | undefined): void {
    if (signal?.aborted === true) throw abortError(signal);
    const refusal = this.#refusal() ?? (this.#draining ? drainingError() : undefined);
    if (refusal !== undefined) throw refusal;
    const opcode = payload[0];
    if (opcode === undefined)
      throw new CaissonError('INVALID_ARGUMENT', { field: 'payload', problem: 'is empty' });
    if (!this.#parts.opcodes.owns(opcode)) throw new CaissonError('OPCODE_UNOWNED', { opcode });
    const held = this.#parts.encryption.admission(source);
    if (held !== undefined) throw held;
  }

  #refusal(): CaissonError | undefined {
    if (this.#machinery.loop.halted !== undefined) return this.#machinery.loop.halted;
    return this.#stopped || this.#failure !== undefined ? drainingError(this.#failure) : undefined;
  }

  #failWaiting(error: CaissonError): void {
    const { metrics, queue } = this.#machinery;
    metrics.proposed('failed', queue.failWaiting(error));
  }

  #failLog(cause: unknown): void {
    const error = toCaissonError(cause);
    this.#failure = error;
    this.#failWaiting(drainingError(error));
    this.#parts.services.logger.log('error', 'the log failed', { error });
    this.#parts.faults.fatal(error);
  }
}

function drainingError(cause?: CaissonError): CaissonError {
  return new CaissonError('DRAINING', {}, { cause });
}
