import { toUtf8 } from '@caisson/base';
import type { SeededRandom } from '@caisson/compliance';
import { isCaissonError } from '@caisson/contracts';
import { type Calls, nameOf } from './calls.js';
import type { Workload } from './workload.js';

/** Asks again what was asked before, as of the same moment: the answer stays, or is said to be gone. */
export class OldReads implements Workload {
  readonly #calls: Calls;
  readonly #random: SeededRandom;

  constructor(calls: Calls, random: SeededRandom) {
    this.#calls = calls;
    this.#random = random;
  }

  async turn(): Promise<void> {
    const { cluster, diary } = this.#calls;
    const { findings } = cluster;
    if (diary.snapshots.length === 0) return;
    const { key, saw, ts } = diary.snapshots[this.#random.integer(diary.snapshots.length)]!;
    const answer = await this.#calls.attempt((kv) =>
      kv.get({ key: toUtf8(key), ts }, {}).catch((error: unknown) => {
        if (isCaissonError(error, 'READ_TS_COMPACTED')) return 'compacted' as const;
        throw error;
      }),
    );
    if (answer === undefined) return;
    findings.saw('T3', answer !== 'compacted');
    if (answer === 'compacted') return diary.compacted(ts);
    const seen = answer.found && nameOf(answer.found.value);
    if (seen !== saw)
      findings.add('T3', `${key} at ${ts} was ${saw ?? 'nothing'}, and is ${seen ?? 'nothing'} now`);
  }
}
