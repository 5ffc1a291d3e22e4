import type { CaissonClient } from '@caisson/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { MARK } from './registers.js';

const LEFT = 'list-left';
const RIGHT = 'list-right';
const PAUSE_MS = 150;

/**
 * Transactions that append the same element to two lists. Whoever reads both at one moment must find them
 * equal, each an extension of every one that was read before; and what was acknowledged is in them once.
 */
export class Lists {
  readonly #client: CaissonClient;
  readonly #lanes: readonly Promise<void>[];
  readonly #acknowledged: string[] = [];
  readonly faults: string[] = [];
  #longest = '';
  #transactions = 0;
  #isDone = false;

  constructor(client: CaissonClient, clients: number) {
    this.#client = client;
    this.#lanes = Array.from({ length: clients }, (_, at) => this.#run(at));
  }

  get transactions(): number {
    return this.#transactions;
  }

  async stop(): Promise<void> {
    this.#isDone = true;
    await Promise.all(this.#lanes);
  }

  async judge(): Promise<void> {
    const [left, right] = await Promise.all([this.#client.get(LEFT), this.#client.get(RIGHT)]);
    const text = textOf(left);
    this.#compare(text, textOf(right));
    const elements = text.split(' ');
    for (const element of this.#acknowledged) {
      const count = elements.filter((other) => other === element).length;
      if (count !== 1) this.faults.push(`an acknowledged element stands ${count} times in the list`);
    }
  }

  async #run(lane: number): Promise<void> {
    for (let at = 0; !this.#isDone; at++) {
      const element = `${MARK}list-${lane}-${at}`;
      const outcome = await this.#client
        .transact(async (transaction) => {
          const left = textOf(await transaction.get(LEFT));
          this.#compare(left, textOf(await transaction.get(RIGHT)));
          const longer = left === '' ? element : `${left} ${element}`;
          transaction.put(LEFT, longer);
          transaction.put(RIGHT, longer);
        })
        .catch(() => undefined);
      if (outcome?.kind === 'committed') this.#acknowledged.push(element);
      if (outcome !== undefined) this.#transactions++;
      await sleep(PAUSE_MS);
    }
  }

  #compare(left: string, right: string): void {
    if (left !== right) this.faults.push('two lists that are written together were read apart');
    const [shorter, longer] = [this.#longest, left].sort((a, b) => a.length - b.length);
    if (!longer!.startsWith(shorter!))
      this.faults.push('a list was read that does not extend an earlier one');
    this.#longest = longer!;
  }
}

function textOf(value: Uint8Array | undefined): string {
  return Buffer.from(value ?? []).toString();
}
