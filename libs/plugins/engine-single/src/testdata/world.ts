import { createDeferred, fromHex, invariant, toHex } from '@caisson/base';
import type {
  HardState,
  LogAppend,
  LogEntry,
  LogStart,
  RaftLog,
  Store,
  WritableBatch,
} from '@caisson/contracts';

type Change = readonly [key: string, value: Uint8Array | undefined];

/** When the process dies: at the n-th write, before it took effect or after, but never having said so. */
export interface Crash {
  readonly atWrite: number;
  readonly afterEffect: boolean;
}

/**
 * The disk of one group and the process above it. A crash makes every further write hang for ever, as for a
 * dead process; `restart` shows what a power loss may leave: all of the log, and the store up to some batch
 * that is not below the last synced one.
 */
export class World {
  readonly archive = new Map<number, LogEntry>();
  appends = 0;
  syncedBatches = 0;
  failAppend: unknown;
  failWrite: unknown;
  closed: string[] = [];
  entries: LogEntry[] = [];
  start: LogStart = { index: 0, term: 0 };
  hardState: HardState = { term: 0, vote: 0n, commit: 0 };
  /** Turns of the loop that a write of the log takes. */
  logTurns = 1;
  dead = false;
  death = createDeferred<void>();
  #synced = new Map<string, Uint8Array>();
  #unsynced: (readonly Change[])[] = [];
  #rows = new Map<string, Uint8Array>();
  #writes = 0;
  #crash: Crash | undefined;
  #life = 0;

  crashOn(crash: Crash | undefined): void {
    this.#crash = crash === undefined ? undefined : { ...crash, atWrite: this.#writes + crash.atWrite };
  }

  /** What is left after the loss of the last `lost` unsynced batches. */
  restart(lost: number): void {
    const kept = this.#unsynced.slice(0, Math.max(0, this.#unsynced.length - lost));
    this.#rows = new Map(this.#synced);
    for (const batch of kept) this.#change(batch);
    this.#synced = new Map(this.#rows);
    this.#unsynced = [];
    this.dead = false;
    this.death = createDeferred<void>();
    this.#crash = undefined;
    this.#life++;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#rows.get(toHex(key));
  }

  /** All rows, for comparisons. */
  rows(): Record<string, string> {
    return Object.fromEntries([...this.#rows].sort().map(([key, value]) => [key, toHex(value)]));
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#rows.set(toHex(key), value);
    this.#synced.set(toHex(key), value);
  }

  store(): Store {
    const life = this.#life;
    const unused = (): never => invariant('TEST', false, 'not part of this double') as never;
    return {
      side: 'plaintext',
      durable: true,
      get: async (key) => this.get(key),
      batch: () => this.#batch(life),
      view: unused,
      deleteRange: unused,
    };
  }

  log(): RaftLog {
    return new WorldLog(this, this.#life);
  }

  /** Runs one write, unless the process is dead or dies here. */
  async write(life: number, turns: number, effect: () => void): Promise<void> {
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    const crash = this.#crash;
    const dying = crash !== undefined && ++this.#writes > crash.atWrite;
    if (crash === undefined) this.#writes++;
    if (this.dead || life !== this.#life) return new Promise(() => undefined);
    if (!dying || crash.afterEffect) effect();
    if (!dying) return;
    this.dead = true;
    this.death.resolve();
    await new Promise(() => undefined);
  }

  #batch(life: number): WritableBatch {
    const changes: Change[] = [];
    const batch: WritableBatch = {
      get size() {
        return changes.length;
      },
      put: (key, value) => (changes.push([toHex(key), value.slice()]), batch),
      delete: (key) => (changes.push([toHex(key), undefined]), batch),
      write: async ({ sync }) => {
        if (this.failWrite !== undefined) throw this.failWrite;
        await this.write(life, 1, () => {
          this.#change(changes);
          this.#unsynced.push(changes);
          if (!sync) return;
          this.#synced = new Map(this.#rows);
          this.#unsynced = [];
          this.syncedBatches++;
        });
      },
    };
    return batch;
  }

  #change(changes: readonly Change[]): void {
    for (const [key, value] of changes) {
      invariant('TEST', fromHex(key) !== undefined, 'hex');
      if (value === undefined) this.#rows.delete(key);
      else this.#rows.set(key, value);
    }
  }
}

class WorldLog implements RaftLog {
  readonly #world: World;
  readonly #life: number;
  #busy = false;

  constructor(world: World, life: number) {
    this.#world = world;
    this.#life = life;
  }

  get start(): LogStart {
    return this.#world.start;
  }

  get last(): number {
    return this.#world.start.index + this.#world.entries.length;
  }

  get hardState(): HardState {
    return this.#world.hardState;
  }

  async append({ entries, hardState }: LogAppend): Promise<void> {
    if (this.#world.failAppend !== undefined) throw this.#world.failAppend;
    await this.#alone(() => {
      this.#world.appends++;
      for (const entry of entries) {
        invariant('TEST', entry.index === this.last + 1, 'a hole');
        this.#world.entries.push(entry);
        this.#world.archive.set(entry.index, entry);
      }
      if (hardState !== undefined) this.#world.hardState = hardState;
    });
  }

  async read(from: number, to: number, maxBytes: number): Promise<readonly LogEntry[]> {
    const read: LogEntry[] = [];
    let bytes = 0;
    for (let index = from; index <= to; index++) {
      const entry = this.#world.entries[index - this.start.index - 1];
      invariant('TEST', entry !== undefined, 'outside the log');
      bytes += entry.data.length;
      if (read.length > 0 && bytes > maxBytes) break;
      read.push(entry);
    }
    return read;
  }

  async term(index: number): Promise<number> {
    return index === this.start.index
      ? this.start.term
      : this.#world.entries[index - this.start.index - 1]!.term;
  }

  async compact(index: number): Promise<void> {
    const term = await this.term(index);
    await this.#alone(() => {
      this.#world.entries = this.#world.entries.slice(index - this.start.index);
      this.#world.start = { index, term };
    });
  }

  reset(): Promise<void> {
    return invariant('TEST', false, 'not part of this double') as never;
  }

  async close(): Promise<void> {
    this.#world.closed.push('log');
  }

  async #alone(effect: () => void): Promise<void> {
    invariant('TEST', !this.#busy, 'two writers of one log');
    this.#busy = true;
    await this.#world.write(this.#life, this.#world.logTurns, effect);
    this.#busy = false;
  }
}
