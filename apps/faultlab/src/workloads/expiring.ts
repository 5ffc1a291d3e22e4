import { toUtf8 } from '@caisson/base';
import type { SeededRandom } from '@caisson/compliance';
import { EXPIRING } from '../oracles/diary.js';
import type { Calls } from './calls.js';
import type { Workload } from './workload.js';

const KEYS = 3;
const TTL_MS_MAX = 1500;

/** Values that are there for a while: at a moment to read at, each is there or gone, and all nodes agree. */
export class Expiring implements Workload {
  readonly #calls: Calls;
  readonly #random: SeededRandom;
  #count = 0;

  constructor(calls: Calls, random: SeededRandom) {
    this.#calls = calls;
    this.#random = random;
  }

  async turn(client: string): Promise<void> {
    const key = `${EXPIRING}${this.#random.integer(KEYS)}`;
    const kind = this.#random.integer(3);
    if (kind === 0) return this.#write(client, key);
    if (kind === 1) return this.#readLatest(key);
    const beginning = await this.#calls.begin();
    if (beginning !== undefined) await this.#calls.readAt(key, beginning.startTs);
  }

  async #write(client: string, key: string): Promise<void> {
    const value = toUtf8(`${this.#calls.mark}${client}.${++this.#count}`);
    const ttlMs = 1 + this.#random.integer(TTL_MS_MAX);
    const mutations = [{ op: 'put', key: toUtf8(key), value, ttlMs }] as const;
    await this.#calls.write({ mutations, requestId: this.#calls.requestId() }, this.#calls.now);
  }

  async #readLatest(key: string): Promise<void> {
    const answer = await this.#calls.attempt((kv) => kv.get({ key: toUtf8(key) }, {}));
    if (answer === undefined) return;
    const { found, readTs } = answer;
    const { findings } = this.#calls.cluster;
    findings.saw('T8', found !== undefined);
    if (found !== undefined && found.expireAt !== 0n && found.expireAt <= readTs)
      findings.add('T8', `${key} is there at ${readTs}, and was to be gone at ${found.expireAt}`);
  }
}
