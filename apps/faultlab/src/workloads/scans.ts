import { fromUtf8, toUtf8 } from '@caisson/base';
import type { SeededRandom } from '@caisson/compliance';
import { EXPIRING } from '../oracles/diary.js';
import { type Calls, nameOf } from './calls.js';
import type { Workload } from './workload.js';

const PAGE = 8;
const SLOW_PAGE = 3;
const PAGES_MAX = 10;
const PAUSE_MS = 400;

/** Everything there is, page by page, in either direction; slowly where that is the habit. */
export class Scans implements Workload {
  readonly #calls: Calls;
  readonly #random: SeededRandom;

  constructor(calls: Calls, random: SeededRandom) {
    this.#calls = calls;
    this.#random = random;
  }

  /** All pages must be of one moment, and hold every key that there is then, once and in order. */
  async turn(): Promise<void> {
    const { cluster, diary } = this.#calls;
    const isReverse = this.#random.integer(4) === 0;
    const isSlow = this.#calls.habits.has('scanning');
    const limit = isSlow ? SLOW_PAGE : PAGE;
    const range = { from: toUtf8('a'), limit, ...(isReverse && { reverse: true }) };
    const keys: string[] = [];
    let continuation: Uint8Array | undefined;
    let ts: bigint | undefined;
    for (let pages = 0; pages < PAGES_MAX; pages++) {
      const asked = { ...range, ...(continuation && { continuation }) };
      const page = await this.#calls.attempt((kv) => kv.scan(asked, {}));
      if (page === undefined) break;
      cluster.findings.saw('T9', page.pairs.length > 0);
      if (page.readTs !== (ts ?? page.readTs)) cluster.findings.add('T9', 'pages of a scan differ in time');
      ts = page.readTs;
      for (const { key, value } of page.pairs) {
        const name = fromUtf8(key)!;
        if (!name.startsWith(EXPIRING)) keys.push(name);
        // What is expired by now may have been there at that moment.
        if (!name.startsWith(EXPIRING)) diary.readAt({ key: name, saw: value && nameOf(value), ts });
      }
      continuation = page.continuation;
      if (continuation === undefined) break;
      if (isSlow) await cluster.clock.sleep(this.#random.integer(PAUSE_MS));
    }
    const isWhole = continuation === undefined;
    if (ts !== undefined) diary.scanned({ keys, ts, isReverse, isWhole });
  }
}
