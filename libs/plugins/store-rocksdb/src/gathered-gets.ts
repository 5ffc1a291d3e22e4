import { createDeferred, type Deferred } from '@caisson/base';
import type { Database } from '@caisson/disk';
import { plainBytes } from './plain-bytes.js';

/** Enough that handing them over costs little each, few enough that a slow disk serves several at a time. */
const KEYS_AT_ONCE = 32;

interface WaitingGet {
  readonly key: Buffer;
  readonly value: Deferred<Uint8Array | undefined>;
}

/**
 * Gets of one turn go to the database together: handing a single one to another thread costs several times
 * what looking it up does.
 */
export class GatheredGets {
  readonly #database: Pick<Database, 'get' | 'getMany'>;
  #waiting: WaitingGet[] = [];

  constructor(database: Pick<Database, 'get' | 'getMany'>) {
    this.#database = database;
  }

  /** The caller may reuse the key at once. */
  get(key: Buffer): Promise<Uint8Array | undefined> {
    const value = createDeferred<Uint8Array | undefined>();
    if (this.#waiting.length === 0) void Promise.resolve().then(() => this.#send());
    this.#waiting.push({ key: Buffer.from(key), value });
    return value.promise;
  }

  #send(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let from = 0; from < waiting.length; from += KEYS_AT_ONCE)
      void this.#look(waiting.slice(from, from + KEYS_AT_ONCE));
  }

  async #look(gets: readonly WaitingGet[]): Promise<void> {
    if (gets.length === 1) return this.#lookAlone(gets[0]!);
    try {
      const values = await this.#database.getMany(gets.map(({ key }) => key));
      gets.forEach(({ value }, at) => value.resolve(plain(values[at])));
    } catch {
      // One that cannot be read fails them all, and the binding does not say which.
      for (const get of gets) this.#lookAlone(get);
    }
  }

  #lookAlone({ key, value }: WaitingGet): void {
    this.#database.get(key).then((found) => value.resolve(plain(found)), value.reject);
  }
}

function plain(found: Buffer | undefined): Uint8Array | undefined {
  return found && plainBytes(found);
}
