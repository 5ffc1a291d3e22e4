import { toUtf8 } from '@caisson/base';
import type { SeededRandom } from '@caisson/compliance';
import type { Calls } from './calls.js';
import type { Workload } from './workload.js';

const PAIRS = 2;
const ON = 'on';
const OFF = 'off';

/**
 * Pairs of switches of which one is always on. Whoever finds both on may turn one off, and writes only that
 * one: two who do so at once, each relying on the other switch, must not both succeed.
 */
export class Switches implements Workload {
  readonly #calls: Calls;
  readonly #random: SeededRandom;
  #count = 0;

  constructor(calls: Calls, random: SeededRandom) {
    this.#calls = calls;
    this.#random = random;
  }

  async turn(client: string): Promise<void> {
    const pair = this.#random.integer(PAIRS);
    const names = [`w${pair}.0`, `w${pair}.1`];
    const { findings } = this.#calls.cluster;
    const beginning = await this.#calls.begin();
    if (beginning === undefined) return;
    const [one, other] = [
      await this.#calls.readAt(names[0]!, beginning.startTs),
      await this.#calls.readAt(names[1]!, beginning.startTs),
    ];
    if (one === undefined || other === undefined) return;
    // Before anybody has turned it, a switch is on.
    const isOff = [one, other].map(({ saw }) => saw?.includes(`:${OFF}.`) === true);
    findings.saw('T7', isOff.includes(true));
    if (!isOff.includes(false))
      findings.add('T7', `both switches of ${names.join(' and ')} are off at ${beginning.startTs}`);
    const chosen = isOff.indexOf(true) < 0 ? this.#random.integer(2) : isOff.indexOf(true);
    const state = isOff[chosen]! ? ON : OFF;
    const value = toUtf8(`${this.#calls.mark}${state}.${client}.${++this.#count}`);
    const request = {
      mutations: [{ op: 'put', key: toUtf8(names[chosen]!), value }] as const,
      requestId: this.#calls.requestId(),
      startTs: beginning.startTs,
      readKeys: names.map(toUtf8),
    };
    await this.#calls.write(request, this.#calls.now);
  }
}
