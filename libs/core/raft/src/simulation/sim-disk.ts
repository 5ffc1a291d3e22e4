import type { LogGap, LogStorage } from '../log/storage.js';
import { type Entry, type EntryId, limitSize, NO_DATA } from '../message/entry.js';
import {
  type ConfState,
  EMPTY_CONF_STATE,
  EMPTY_HARD_STATE,
  EMPTY_SNAPSHOT,
  type HardState,
  type Snapshot,
} from '../message/state.js';

/** The log part of a disk at one moment. */
export interface LogImage {
  readonly hardState: HardState;
  readonly snapshot: Snapshot;
  readonly base: EntryId;
  readonly entries: readonly Entry[];
}

/** The application part: everything through `applied` folded into one number. */
export interface AppImage {
  readonly applied: number;
  readonly confState: ConfState;
  readonly digest: number;
}

export interface LogWrite {
  readonly hardState: HardState | undefined;
  readonly snapshot: Snapshot | undefined;
  readonly entries: readonly Entry[];
}

/**
 * What one store holds: the last synced image and every image written after it, any of which a crash may
 * leave.
 */
class Images<T> {
  #images: T[];

  constructor(first: T) {
    this.#images = [first];
  }

  get latest(): T {
    return this.#images.at(-1)!;
  }

  get synced(): T {
    return this.#images[0]!;
  }

  write(image: T): void {
    this.#images.push(image);
  }

  sync(): void {
    this.#images = [this.latest];
  }

  /** `luck` from 0, where nothing unsynced survives, to almost 1, where all of it does. */
  crash(luck: number): void {
    this.#images = [this.#images[Math.floor(luck * this.#images.length)]!];
  }
}

export const lastIndexOf = ({ base, entries }: LogImage): number => base.index + entries.length;

export function encodeDigest(digest: number): Uint8Array {
  return Uint8Array.of(digest >>> 24, digest >>> 16, digest >>> 8, digest);
}

export const decodeDigest = (data: Uint8Array): number =>
  data.reduce((digest, byte) => ((digest << 8) | byte) >>> 0, 0);

/**
 * One node's disk: a log store and an application store that crash independently, each keeping some prefix
 * of what was not synced. Reads see the latest writes, as they do on a running system.
 */
export class SimDisk implements LogStorage {
  readonly log: Images<LogImage>;
  readonly app: Images<AppImage>;

  constructor(confState: ConfState = EMPTY_CONF_STATE, origin: EntryId = { index: 0, term: 0 }) {
    const hardState =
      origin.index === 0 ? EMPTY_HARD_STATE : { term: origin.term, vote: 0, commit: origin.index };
    const snapshot: Snapshot = origin.index === 0 ? EMPTY_SNAPSHOT : { ...origin, confState, data: NO_DATA };
    this.log = new Images<LogImage>({ hardState, snapshot, base: origin, entries: [] });
    this.app = new Images<AppImage>({ applied: origin.index, confState, digest: 0 });
  }

  initialState(): { hardState: HardState; confState: ConfState } {
    return { hardState: this.log.latest.hardState, confState: this.app.latest.confState };
  }

  firstIndex(): number {
    return this.log.latest.base.index + 1;
  }

  lastIndex(): number {
    return lastIndexOf(this.log.latest);
  }

  term(index: number): number | LogGap {
    const { base, entries } = this.log.latest;
    if (index === base.index) return base.term;
    if (index < base.index) return 'compacted';
    return entries[index - base.index - 1]?.term ?? 'unavailable';
  }

  entries(low: number, high: number, sizeMax: number): readonly Entry[] | LogGap {
    const first = this.firstIndex();
    if (low < first) return 'compacted';
    if (high > this.lastIndex() + 1) return 'unavailable';
    return limitSize(this.log.latest.entries.slice(low - first, high - first), sizeMax);
  }

  /** The applied state as of now. */
  snapshot(): Snapshot {
    const { applied, confState, digest } = this.app.latest;
    return { index: applied, term: this.term(applied) as number, confState, data: encodeDigest(digest) };
  }

  write({ hardState, snapshot, entries }: LogWrite): void {
    let next = this.log.latest;
    if (hardState !== undefined) next = { ...next, hardState };
    if (snapshot !== undefined) next = { ...next, snapshot, base: snapshot, entries: [] };
    if (entries.length > 0) {
      const kept = next.entries.slice(0, entries[0]!.index - next.base.index - 1);
      next = { ...next, entries: [...kept, ...entries] };
    }
    this.log.write(next);
  }

  /** Forgets entries through `index`, as far as that is durably applied and recorded as committed. */
  compact(wanted: number): void {
    const { latest } = this.log;
    const index = Math.min(wanted, this.app.synced.applied, latest.hardState.commit);
    const term = this.term(index);
    if (index <= latest.base.index || typeof term !== 'number') return;
    const entries = latest.entries.slice(index - latest.base.index);
    this.log.write({ ...latest, base: { index, term }, entries });
  }

  /** Takes the state of a snapshot over, if it is ahead. */
  install({ index, confState, data }: Snapshot): void {
    if (index <= this.app.latest.applied) return;
    this.app.write({ applied: index, confState, digest: decodeDigest(data) });
  }

  crash(luck: { readonly log: number; readonly app: number }): void {
    this.log.crash(luck.log);
    this.app.crash(luck.app);
    // The application may have lost a snapshot that the log still has.
    this.install(this.log.latest.snapshot);
  }
}
