import { compareBytes } from '@caisson/base';
import {
  CaissonError,
  type Consistency,
  type GetRequest,
  type GetResponse,
  isCaissonError,
  type ReadView,
  type ReplicatedGroup,
  type ScannedPair,
  type ScanRequest,
  type ScanResponse,
  type Timestamp,
} from '@caisson/contracts';
import {
  type HybridClock,
  readGroupRows,
  resumed,
  type ScanBounds,
  type ScanPage,
  Snapshot,
  type SnapshotRequest,
} from '@caisson/mvcc';
import { SCAN_PAIRS_DEFAULT } from '../limits.js';
import type { ActiveReads } from './active-reads.js';
import {
  type Continuation,
  decodeContinuation,
  encodeContinuation,
  invalidContinuation,
} from './continuation.js';
import { LatestViews } from './latest-views.js';
import type { Tip } from './tip.js';

const PAGE_BYTES = 1024 * 1024;
/** Dead versions cost as much to look at as live ones: between so many, the call gives others a turn. */
const PAGE_VERSIONS = 4096;

export interface ReaderOptions {
  readonly group: ReplicatedGroup;
  readonly hlc: HybridClock;
  readonly tip: Tip;
  readonly active: ActiveReads;
}

/** When and how a read looks. */
interface Moment {
  /** Absent: as of the last commit. */
  readonly ts?: Timestamp;
  readonly expiryTs?: Timestamp;
  readonly consistency: Consistency;
  readonly direction: ReadView['direction'];
  readonly signal?: AbortSignal | undefined;
}

/** Reads of one group. */
export class Reader {
  readonly #group: ReplicatedGroup;
  readonly #hlc: HybridClock;
  readonly #tip: Tip;
  readonly #active: ActiveReads;
  readonly #latest: LatestViews;

  constructor(options: ReaderOptions) {
    this.#group = options.group;
    this.#latest = new LatestViews(() => options.group.store);
    this.#hlc = options.hlc;
    this.#tip = options.tip;
    this.#active = options.active;
  }

  get({ key, ts, consistency = 'linearizable' }: GetRequest, signal?: AbortSignal): Promise<GetResponse> {
    if (ts === undefined) return whileOpen(this.#group, () => this.#getLatest(key, consistency, signal));
    const moment: Moment = { ts, consistency: 'linearizable', direction: 'forward', signal };
    return this.#read(moment, async (snapshot, staleMs) => {
      const found = await snapshot.get(key);
      return { ...(found !== undefined && { found }), readTs: snapshot.at.ts, staleMs };
    });
  }

  scan(request: ScanRequest, signal?: AbortSignal): Promise<ScanResponse> {
    const { from, to, limit = SCAN_PAIRS_DEFAULT, keysOnly = false } = request;
    const resume = request.continuation && checkResume(decodeContinuation(request.continuation), request);
    const direction = request.reverse ? 'reverse' : 'forward';
    const range: ScanBounds = {
      from,
      ...(to !== undefined && { to }),
      pairsMax: limit,
      bytesMax: PAGE_BYTES,
      versionsMax: PAGE_VERSIONS,
      keysOnly,
      ...(signal !== undefined && { signal }),
    };
    const bounds = resume === undefined ? range : resumed(range, direction, resume.lastKey);
    return this.#read({ ...momentOf(request, resume), direction, signal }, async (snapshot, staleMs) => {
      const page = await scanPage(snapshot, bounds, direction);
      const { ts, expiryTs } = snapshot.at;
      const lastKey = page.resumeBehind;
      const continuation =
        lastKey && encodeContinuation({ reverse: direction === 'reverse', ts, expiryTs, lastKey });
      const pairs: readonly ScannedPair[] = page.pairs;
      return { pairs, ...(continuation !== undefined && { continuation }), readTs: ts, staleMs };
    });
  }

  /**
   * A moment at which transactions may read: the last commit. Where values may have expired since, it is
   * moved up to now first, so that a transaction does not see what every other read says is gone. Only the
   * leader can: elsewhere that start is `NOT_LEADER`.
   */
  begin(signal?: AbortSignal): Promise<Timestamp> {
    return whileOpen(this.#group, () => this.#begin(signal));
  }

  async #begin(signal: AbortSignal | undefined): Promise<Timestamp> {
    await this.#group.readBarrier('linearizable', signal);
    const view = this.#group.store.view();
    const rows = await readGroupRows(view).finally(() => view.close());
    const now = this.#hlc.now();
    const mayHaveExpired = rows.expiryHorizon > rows.lastCommitTs && now > rows.lastCommitTs;
    return mayHaveExpired || rows.lastCommitTs === 0n ? this.#tip.reach(now) : rows.lastCommitTs;
  }

  async #getLatest(key: Uint8Array, consistency: Consistency, signal?: AbortSignal): Promise<GetResponse> {
    const { position, staleMs } = await this.#group.readBarrier(consistency, signal);
    const expiryTs = this.#hlc.now();
    return this.#latest.during(position, async (snapshot) => {
      const found = await snapshot.get(key, expiryTs);
      return { ...(found !== undefined && { found }), readTs: snapshot.at.ts, staleMs };
    });
  }

  #read<T>(moment: Moment, look: (snapshot: Snapshot, staleMs: number) => Promise<T>): Promise<T> {
    return whileOpen(this.#group, () => this.#readAt(moment, look));
  }

  async #readAt<T>(moment: Moment, look: (snapshot: Snapshot, staleMs: number) => Promise<T>): Promise<T> {
    const release = moment.ts === undefined ? undefined : this.#active.hold(moment.ts);
    try {
      const { staleMs } = await this.#group.readBarrier(moment.consistency, moment.signal);
      const snapshot = await this.#open(moment);
      try {
        return await look(snapshot, staleMs);
      } finally {
        await snapshot.close();
      }
    } finally {
      release?.();
    }
  }

  async #open({ ts, expiryTs, direction, consistency, signal }: Moment): Promise<Snapshot> {
    const open = (request: SnapshotRequest): Promise<Snapshot> =>
      Snapshot.open(this.#group.store, { ...request, direction });
    if (ts === undefined) return open({ expiryTs: this.#hlc.now() });
    const request = { ts, ...(expiryTs !== undefined && { expiryTs }) };
    let snapshot = await open(request);
    if (snapshot.tip >= ts) return snapshot;
    await snapshot.close();
    if (consistency === 'stale') {
      // The page before came from a node that was ahead of this one.
      await this.#group.readBarrier('linearizable', signal);
      snapshot = await open(request);
      if (snapshot.tip >= ts) return snapshot;
      await snapshot.close();
    }
    await this.#tip.reach(ts);
    return open(request);
  }
}

/** A store that is closed under a read is being replaced or put away: the read may be repeated. */
async function whileOpen<T>({ id }: ReplicatedGroup, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!isCaissonError(error, 'STORE_CLOSED')) throw error;
    throw new CaissonError('UNAVAILABLE', { group: id, problem: 'its store is closed' }, { cause: error });
  }
}

/** A page with something in it, unless the range has nothing more. */
async function scanPage(
  snapshot: Snapshot,
  start: ScanBounds,
  direction: ReadView['direction'],
): Promise<ScanPage> {
  let bounds = start;
  for (;;) {
    const page = await snapshot.scan(bounds);
    if (page.pairs.length > 0 || page.resumeBehind === undefined) return page;
    bounds = resumed(bounds, direction, page.resumeBehind);
  }
}

function momentOf({ ts, consistency = 'linearizable' }: ScanRequest, resume: Continuation | undefined) {
  if (resume !== undefined) return { ts: resume.ts, expiryTs: resume.expiryTs, consistency };
  return ts === undefined ? { consistency } : { ts, consistency: 'linearizable' as const };
}

/** A token belongs to the range and direction it was given for. */
function checkResume(resume: Continuation, { from, to, reverse = false }: ScanRequest): Continuation {
  if (resume.reverse !== reverse) throw invalidContinuation('is of a scan in the other direction');
  const { lastKey } = resume;
  if (compareBytes(lastKey, from) < 0 || (to !== undefined && compareBytes(lastKey, to) >= 0)) {
    throw invalidContinuation('is of a scan of another range');
  }
  return resume;
}
