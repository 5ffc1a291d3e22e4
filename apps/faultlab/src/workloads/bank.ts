import { toUtf8 } from '@caisson/base';
import type { SeededRandom } from '@caisson/compliance';
import { type Beginning, type Calls, nameOf } from './calls.js';
import type { Workload } from './workload.js';

const ACCOUNTS = ['b0', 'b1', 'b2', 'b3'];
const START = 100;
const AMOUNT_MAX = 10;

interface Balances {
  readonly beginning: Beginning;
  readonly amounts: readonly number[];
}

/** Accounts between which money moves: whoever looks at all of them at one moment finds as much as ever. */
export class Bank implements Workload {
  readonly #calls: Calls;
  readonly #random: SeededRandom;
  #count = 0;

  constructor(calls: Calls, random: SeededRandom) {
    this.#calls = calls;
    this.#random = random;
  }

  async turn(client: string): Promise<void> {
    const balances = await this.#look();
    if (balances === undefined) return;
    const { amounts, beginning } = balances;
    if (amounts.length === 0) return this.#open(client, beginning);
    if (this.#random.integer(3) > 0) await this.#transfer(client, balances);
  }

  /** All accounts at one moment, by one page or one by one; none before the first are opened. */
  async #look(): Promise<Balances | undefined> {
    const { cluster } = this.#calls;
    const beginning = await this.#calls.begin();
    if (beginning === undefined) return undefined;
    const texts = this.#random.integer(2) === 0 ? await this.#page(beginning) : await this.#each(beginning);
    if (texts === undefined) return undefined;
    const amounts = texts.map((text) => Number(/:(-?\d+)\./.exec(text)?.[1]));
    const total = amounts.reduce((sum, amount) => sum + amount, 0);
    cluster.findings.saw('T7', amounts.length > 0);
    const isRight =
      amounts.length === 0 || (amounts.length === ACCOUNTS.length && total === START * ACCOUNTS.length);
    if (!isRight)
      cluster.findings.add(
        'T7',
        `${amounts.length} accounts at ${beginning.startTs} hold ${total}: ${amounts.join(' ')}`,
      );
    return isRight ? { beginning, amounts } : undefined;
  }

  async #page({ startTs }: Beginning): Promise<readonly string[] | undefined> {
    const range = { from: toUtf8('b'), to: toUtf8('c'), ts: startTs };
    const page = await this.#calls.attempt((kv) => kv.scan(range, {}));
    return page?.pairs.map(({ value }) => nameOf(value!));
  }

  async #each({ startTs }: Beginning): Promise<readonly string[] | undefined> {
    const texts: string[] = [];
    for (const account of ACCOUNTS) {
      const found = await this.#calls.readAt(account, startTs);
      if (found === undefined) return undefined;
      if (found.saw !== undefined) texts.push(found.saw);
    }
    return texts;
  }

  async #open(client: string, { startTs }: Beginning): Promise<void> {
    const mutations = ACCOUNTS.map((account) => this.#put(client, account, START));
    const requestId = this.#calls.requestId();
    const readKeys = ACCOUNTS.map(toUtf8);
    await this.#calls.write({ mutations, requestId, startTs, readKeys }, this.#calls.now);
  }

  async #transfer(client: string, { amounts, beginning }: Balances): Promise<void> {
    const from = this.#random.integer(ACCOUNTS.length);
    const to = (from + 1 + this.#random.integer(ACCOUNTS.length - 1)) % ACCOUNTS.length;
    const amount = 1 + this.#random.integer(AMOUNT_MAX);
    const mutations = [
      this.#put(client, ACCOUNTS[from]!, amounts[from]! - amount),
      this.#put(client, ACCOUNTS[to]!, amounts[to]! + amount),
    ];
    const { startTs } = beginning;
    const requestId = this.#calls.requestId();
    await this.#calls.write({ mutations, requestId, startTs }, this.#calls.now);
  }

  #put(client: string, account: string, amount: number) {
    const value = toUtf8(`${this.#calls.mark}${amount}.${client}.${++this.#count}`);
    return { op: 'put', key: toUtf8(account), value } as const;
  }
}
