import { concatBytes } from '@caisson/base';
import type { Store, StoreBatch, Timestamp } from '@caisson/contracts';
import {
  type Command,
  type CommandMutation,
  type CommandOutcome,
  type CommandResult,
  encodeHeader,
  encodeTimestampRow,
  type FloorCommand,
  SYSTEM_KEYS,
  TOMBSTONE,
  versionKey,
  type WriteCommand,
} from '@caisson/formats';
import { EXPIRY_HORIZON_KEY, type GroupRows, readGroupRows } from '../read/group-rows.js';
import { findConflict, findFailedCondition } from './checks.js';
import { Overlay } from './overlay.js';
import { type LoadedResults, RequestResults } from './request-results.js';
import { StateView } from './state-view.js';

const PLAIN_HEADER = encodeHeader({ tombstone: false, state: 'clear', expireAt: 0n });

/**
 * Turns commands into versions, for one group, in log order.
 *
 * What it decides follows from the commands and the replicated state alone, and not from where batches begin
 * and end: state that a batch changed and the store does not show yet is remembered until `written`. A write
 * that asks for nothing but puts looks at nothing in the store.
 */
export class VersionWriter {
  readonly #store: Store;
  readonly #overlay = new Overlay();
  readonly #requests: RequestResults;
  #rows: GroupRows;
  #isTimeMoved = false;

  static async open(store: Store): Promise<VersionWriter> {
    const view = store.view();
    try {
      return new VersionWriter(store, await readGroupRows(view));
    } finally {
      await view.close();
    }
  }

  private constructor(store: Store, rows: GroupRows) {
    this.#store = store;
    this.#requests = new RequestResults(store);
    this.#rows = rows;
  }

  /** As of everything applied, also what is not yet written. */
  get rows(): GroupRows {
    return this.#rows;
  }

  /** Adds the effects of the commands to `batch`; one outcome for each, in order. */
  apply(commands: readonly Command[], batch: StoreBatch): CommandOutcome[] | Promise<CommandOutcome[]> {
    if (!commands.every(isBlind)) return this.#applyLooking(commands, batch);
    const outcomes = commands.map((command) => this.#behind(command) ?? this.#commitBlind(command, batch));
    this.#putTime(batch);
    return outcomes;
  }

  /** The batch is in the store: what was remembered for it can be read there. */
  written(): void {
    this.#overlay.clear();
    this.#requests.written();
  }

  async #applyLooking(commands: readonly Command[], batch: StoreBatch): Promise<CommandOutcome[]> {
    const ids = commands.flatMap((command) =>
      command.kind === 'write' && command.requestId !== undefined ? [command.requestId] : [],
    );
    const known = await this.#requests.load(ids);
    const state = new StateView(this.#store, this.#overlay);
    const outcomes: CommandOutcome[] = [];
    try {
      for (const command of commands) {
        if (isBlind(command)) outcomes.push(this.#behind(command) ?? this.#commitBlind(command, batch));
        else if (command.kind === 'floor')
          outcomes.push(this.#behind(command) ?? this.#raiseFloor(command, batch));
        else outcomes.push(await this.#write(command, { batch, state, known }));
      }
    } finally {
      await state.close();
    }
    this.#putTime(batch);
    return outcomes;
  }

  async #write(command: WriteCommand, context: WriteContext): Promise<CommandOutcome> {
    const { requestId } = command;
    const { batch, known } = context;
    if (requestId !== undefined) {
      const first = known.find(requestId, this.#rows.floor);
      if (first !== undefined) return first.result;
    }
    const refused = this.#behind(command) ?? this.#unverifiable(command);
    if (refused !== undefined) return refused;
    const result = await this.#decide(command, context);
    this.#moveTime(command.commitTs);
    if (requestId !== undefined) this.#requests.add(requestId, { commitTs: command.commitTs, result }, batch);
    return result;
  }

  async #decide(command: WriteCommand, { batch, state }: WriteContext): Promise<CommandResult> {
    const { startTs } = command;
    const conflict = startTs === undefined ? undefined : await findConflict(command, startTs, state);
    const failed = conflict ?? (await findFailedCondition(command, state));
    if (failed !== undefined) return failed;
    let deleted = 0;
    let more = false;
    for (const mutation of command.mutations) {
      if (mutation.op === 'put') {
        this.#put(mutation, command.commitTs, batch);
      } else if (mutation.op === 'delete') {
        if ((await state.live(mutation.key, command.commitTs)) === undefined) continue;
        this.#bury(mutation.key, command.commitTs, batch);
        deleted += 1;
      } else {
        const found = await state.liveKeys(mutation.prefix, mutation.limit, command.commitTs);
        for (const key of found.keys) this.#bury(key, command.commitTs, batch);
        deleted += found.keys.length;
        more ||= found.more;
      }
    }
    return { kind: 'committed', commitTs: command.commitTs, deleted, more };
  }

  /** Log order is timestamp order; an entry out of it is the proposer's to repeat. */
  #behind({ commitTs }: Command): CommandOutcome | undefined {
    const { lastCommitTs } = this.#rows;
    return commitTs > lastCommitTs
      ? undefined
      : { kind: 'refused', code: 'TIMESTAMP_BEHIND', bound: lastCommitTs };
  }

  /**
   * A start below the floor is refused before any version is looked at, because compaction below it has its
   * own time on each replica. A start above the last commit was never given out by this history.
   */
  #unverifiable({ startTs }: WriteCommand): CommandOutcome | undefined {
    const { floor, lastCommitTs } = this.#rows;
    if (startTs === undefined) return undefined;
    if (startTs < floor) return { kind: 'refused', code: 'RESULT_EXPIRED', bound: floor };
    if (startTs > lastCommitTs) return { kind: 'refused', code: 'INVALID_ARGUMENT', bound: lastCommitTs };
    return undefined;
  }

  #commitBlind({ commitTs, mutations }: BlindWrite, batch: StoreBatch): CommandOutcome {
    for (const mutation of mutations) this.#put(mutation, commitTs, batch);
    this.#moveTime(commitTs);
    return { kind: 'committed', commitTs, deleted: 0, more: false };
  }

  #raiseFloor({ floor, commitTs }: FloorCommand, batch: StoreBatch): CommandOutcome {
    this.#moveTime(commitTs);
    const raised = floor < commitTs ? floor : commitTs;
    if (raised > this.#rows.floor) {
      this.#rows = { ...this.#rows, floor: raised };
      batch.put(SYSTEM_KEYS.retentionFloor, encodeTimestampRow(raised));
    }
    return { kind: 'committed', commitTs, deleted: 0, more: false };
  }

  #put({ key, value, expireAt }: PutMutation, commitTs: Timestamp, batch: StoreBatch): void {
    const header =
      expireAt === 0n ? PLAIN_HEADER : encodeHeader({ tombstone: false, state: 'clear', expireAt });
    this.#add(key, concatBytes(header, value), commitTs, batch);
    if (expireAt > this.#rows.expiryHorizon) {
      this.#rows = { ...this.#rows, expiryHorizon: expireAt };
      batch.put(EXPIRY_HORIZON_KEY, encodeTimestampRow(expireAt));
    }
  }

  #bury(key: Uint8Array, commitTs: Timestamp, batch: StoreBatch): void {
    this.#add(key, TOMBSTONE, commitTs, batch);
  }

  #add(key: Uint8Array, stored: Uint8Array, commitTs: Timestamp, batch: StoreBatch): void {
    batch.put(versionKey(key, commitTs), stored);
    this.#overlay.add({ key, commitTs, stored });
  }

  /** A decision moves time also when nothing is written: the next start then lies above what made it fail. */
  #moveTime(lastCommitTs: Timestamp): void {
    this.#rows = { ...this.#rows, lastCommitTs };
    this.#isTimeMoved = true;
  }

  #putTime(batch: StoreBatch): void {
    if (!this.#isTimeMoved) return;
    this.#isTimeMoved = false;
    batch.put(SYSTEM_KEYS.lastCommitTs, encodeTimestampRow(this.#rows.lastCommitTs));
  }
}

interface WriteContext {
  readonly batch: StoreBatch;
  readonly state: StateView;
  readonly known: LoadedResults;
}

type PutMutation = Extract<CommandMutation, { op: 'put' }>;
type BlindWrite = WriteCommand & { readonly mutations: readonly PutMutation[] };

function isBlind(command: Command): command is BlindWrite {
  return (
    command.kind === 'write' &&
    command.requestId === undefined &&
    command.startTs === undefined &&
    command.conditions.length === 0 &&
    command.mutations.every(({ op }) => op === 'put')
  );
}
