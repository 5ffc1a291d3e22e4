import { SeededRandom } from '@caisson/compliance';
import type { Operation, Transaction } from '@caisson/simulator';
import { Bank } from '../workloads/bank.js';
import { Calls, type CallsOptions } from '../workloads/calls.js';
import { Expiring } from '../workloads/expiring.js';
import { ListTransactions } from '../workloads/lists.js';
import { OldReads } from '../workloads/old-reads.js';
import { Registers } from '../workloads/registers.js';
import { Scans } from '../workloads/scans.js';
import { Switches } from '../workloads/switches.js';
import type { Workload } from '../workloads/workload.js';

const PAUSE_MS = 25;

export interface ClientsOptions extends CallsOptions {
  /** Of each client, on average, between an answer and what it does next. */
  readonly pauseMs?: number | undefined;
}

/** Clients, each doing one thing after the other: what, and in which mixture, is drawn. */
export class Clients {
  readonly registers: Registers;
  readonly lists: ListTransactions;
  readonly #calls: Calls;
  readonly #random: SeededRandom;
  readonly #scans: Scans;
  readonly #mixture: readonly Workload[];
  readonly #pauseMs: number;

  constructor(options: ClientsOptions) {
    this.#random = options.random;
    this.#pauseMs = options.pauseMs ?? PAUSE_MS;
    const own = () => new SeededRandom(this.#random.integer(2 ** 32));
    this.#calls = new Calls({ ...options, random: own() });
    this.registers = new Registers(this.#calls, own());
    this.lists = new ListTransactions(this.#calls, own());
    this.#scans = new Scans(this.#calls, own());
    this.#mixture = mixtureOf([
      [20, this.registers],
      [6, this.lists],
      [2, this.#scans],
      [3, new Bank(this.#calls, own())],
      [2, new Switches(this.#calls, own())],
      [3, new OldReads(this.#calls, own())],
      // Where values expire, only leaders give moments to read at: that is not for every storm.
      [this.#random.integer(3) === 0 ? 3 : 0, new Expiring(this.#calls, own())],
    ]);
  }

  /** Writes that were answered. */
  get acknowledged(): number {
    return this.#calls.acknowledged;
  }

  get isOver(): boolean {
    return this.#calls.isOver;
  }

  set isOver(isOver: boolean) {
    this.#calls.isOver = isOver;
  }

  /** Of registers, by key. */
  get histories(): ReadonlyMap<string, readonly Operation[]> {
    return this.registers.histories;
  }

  get transactions(): readonly Transaction[] {
    return this.lists.history;
  }

  /** Operations that are held to one history. */
  get checked(): number {
    return [...this.histories.values()].flat().length + this.transactions.length;
  }

  /** One client, until it is over. */
  async run(client: string): Promise<void> {
    while (!this.isOver) {
      await this.#calls.cluster.clock.sleep(1 + this.#random.integer(2 * this.#pauseMs));
      const isScan = this.#calls.habits.has('scanning') && this.#random.integer(10) === 0;
      const workload = isScan ? this.#scans : this.#mixture[this.#random.integer(this.#mixture.length)]!;
      await workload.turn(client);
    }
  }

  /** Everything that was ever written to, once more through a node; whether it answered all of it. */
  async readAll(node: string): Promise<boolean> {
    let isRead = await this.lists.readAll(node);
    for (const key of this.histories.keys()) {
      isRead = (await this.registers.read('last', key, node)) && isRead;
    }
    return isRead;
  }
}

/** Each workload as often as its weight. */
function mixtureOf(weights: readonly (readonly [number, Workload])[]): readonly Workload[] {
  return weights.flatMap(([weight, workload]) => Array.from({ length: weight }, () => workload));
}
