import type { CaissonClient } from '@caisson/client';
import { judgeTransactions, type ListAction, type Transaction } from '@caisson/simulator';
import { setTimeout as sleep } from 'node:timers/promises';
import { MARK } from './registers.js';

/** A pair of lists is left alone after so many: every read holds all of it. */
const TRANSACTIONS_PER_PAIR = 60;
const PAUSE_MS = 150;

/** Transactions that read two lists at one moment and append the same element to both. */
export class Lists {
  readonly #client: CaissonClient;
  readonly #lanes: readonly Promise<void>[];
  readonly #history: Transaction[] = [];
  readonly faults: string[] = [];
  #isDone = false;

  constructor(client: CaissonClient, clients: number) {
    this.#client = client;
    this.#lanes = Array.from({ length: clients }, (_, at) => this.#run(at));
  }

  get transactions(): number {
    return this.#history.filter(({ outcome }) => outcome !== 'unknown').length;
  }

  async stop(): Promise<void> {
    this.#isDone = true;
    await Promise.all(this.#lanes);
  }

  /** Reads both lists once more, and says what no order of the transactions explains. */
  async judge(): Promise<void> {
    const last = this.#pair;
    for (const key of Array.from({ length: last + 1 }, (_, pair) => listsOf(pair)).flat()) {
      const calledAt = performance.now();
      const saw = elementsOf(await this.#client.get(key));
      this.#note('last', calledAt, { outcome: 'committed', actions: [{ kind: 'read', key, saw }] });
    }
    for (const { kind, story } of judgeTransactions(this.#history)) this.faults.push(`${kind}: ${story}`);
  }

  /** The one that is written to now. */
  get #pair(): number {
    return Math.floor(this.#history.length / TRANSACTIONS_PER_PAIR);
  }

  async #run(lane: number): Promise<void> {
    for (let at = 0; !this.#isDone; at++) {
      const element = `${MARK}list-${lane}-${at}`;
      const [left, right] = listsOf(this.#pair);
      const calledAt = performance.now();
      let actions: readonly ListAction[] = [];
      const outcome = await this.#client
        .transact(async (transaction) => {
          const lefts = elementsOf(await transaction.get(left));
          const rights = elementsOf(await transaction.get(right));
          transaction.put(left, [...lefts, element].join(' '));
          transaction.put(right, [...rights, element].join(' '));
          actions = [
            { kind: 'read', key: left, saw: lefts },
            { kind: 'read', key: right, saw: rights },
            { kind: 'append', key: left, element },
            { kind: 'append', key: right, element },
          ];
        })
        .catch(() => undefined);
      const came = { committed: 'committed', conflict: 'refused' } as const;
      this.#note(`c${lane}`, calledAt, { outcome: outcome ? came[outcome.kind] : 'unknown', actions });
      await sleep(PAUSE_MS);
    }
  }

  #note(client: string, calledAt: number, did: Pick<Transaction, 'outcome' | 'actions'>): void {
    const answeredAt = did.outcome === 'unknown' ? Infinity : performance.now();
    this.#history.push({ client, calledAt, answeredAt, ...did });
  }
}

function listsOf(pair: number): readonly [string, string] {
  return [`list-left-${pair}`, `list-right-${pair}`];
}

function elementsOf(value: Uint8Array | undefined): readonly string[] {
  const text = Buffer.from(value ?? []).toString();
  return text === '' ? [] : text.split(' ');
}
