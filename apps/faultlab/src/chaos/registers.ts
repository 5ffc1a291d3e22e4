import type { CaissonClient } from '@caisson/client';
import { SeededRandom } from '@caisson/compliance';
import type { Operation } from '@caisson/simulator';
import { setTimeout as sleep } from 'node:timers/promises';

/** Operations on one key before it is left alone: the search for an order grows with them. */
const OPERATIONS_PER_KEY = 100;
const KEYS_AT_ONCE = 8;
const PAUSE_MS_MAX = 60;
/** Begins every value, so that one on a disk or in a log is known for what it is. */
export const MARK = 'faultlab-value-';

/** Clients that read, write and swap registers, and remember what they saw. */
export class Registers {
  /** By key, in the order in which the operations were called. */
  readonly histories = new Map<string, Operation[]>();
  readonly #client: CaissonClient;
  readonly #random: SeededRandom;
  readonly #live: string[] = [];
  /** What was read or written last, to swap for. */
  readonly #hunches = new Map<string, string>();
  #values = 0;
  #keys = 0;
  #unknown = 0;
  #isDone = false;
  readonly #lanes: readonly Promise<void>[];

  constructor(client: CaissonClient, seed: number, clients: number) {
    this.#client = client;
    this.#random = new SeededRandom(seed);
    while (this.#live.length < KEYS_AT_ONCE) this.#openKey();
    this.#lanes = Array.from({ length: clients }, (_, at) => this.#run(`c${at + 1}`));
  }

  get operations(): number {
    let sum = 0;
    for (const history of this.histories.values()) sum += history.length;
    return sum;
  }

  /** Writes and swaps whose outcome nobody learnt. */
  get unknown(): number {
    return this.#unknown;
  }

  async stop(): Promise<void> {
    this.#isDone = true;
    await Promise.all(this.#lanes);
  }

  /** Reads every key once more: what was acknowledged must still be there. */
  async readAll(): Promise<void> {
    for (const key of this.histories.keys()) await this.#read('last', key);
  }

  #openKey(): void {
    const key = `register-${++this.#keys}`;
    this.#live.push(key);
    this.histories.set(key, []);
  }

  async #run(client: string): Promise<void> {
    while (!this.#isDone) {
      const key = this.#live[this.#random.integer(this.#live.length)]!;
      const choice = this.#random.integer(10);
      if (choice < 4) await this.#read(client, key);
      else if (choice < 8) await this.#write(client, key);
      else await this.#swap(client, key);
      if (this.histories.get(key)!.length >= OPERATIONS_PER_KEY) this.#retire(key);
      await sleep(this.#random.integer(PAUSE_MS_MAX));
    }
  }

  #retire(key: string): void {
    const at = this.#live.indexOf(key);
    if (at < 0) return;
    this.#live.splice(at, 1);
    this.#openKey();
  }

  /** A read that fails says nothing, and is left out. */
  async #read(client: string, key: string): Promise<void> {
    const calledAt = performance.now();
    const found = await this.#client.get(key).catch(() => null);
    if (found === null) return;
    const saw = found === undefined ? undefined : Buffer.from(found).toString();
    if (saw !== undefined) this.#hunches.set(key, saw);
    this.#note(key, { client, calledAt, answeredAt: performance.now(), action: { kind: 'read', saw } });
  }

  async #write(client: string, key: string): Promise<void> {
    const value = this.#newValue();
    const calledAt = performance.now();
    const isAcknowledged = await this.#client.put(key, value).then(
      () => true,
      () => false,
    );
    const answeredAt = this.#answeredAt(isAcknowledged);
    this.#note(key, { client, calledAt, answeredAt, action: { kind: 'write', value } });
    if (isAcknowledged) this.#hunches.set(key, value);
  }

  async #swap(client: string, key: string): Promise<void> {
    const expected = this.#hunches.get(key);
    const value = this.#newValue();
    const expect =
      expected === undefined
        ? { kind: 'absent' as const }
        : { kind: 'value' as const, value: Buffer.from(expected) };
    const mutation = { op: 'put' as const, key: Buffer.from(key), value: Buffer.from(value) };
    const calledAt = performance.now();
    const outcome = await this.#client.compareAndSet(key, expect, mutation).catch(() => undefined);
    const held = outcome?.kind === 'committed';
    const answeredAt = this.#answeredAt(outcome !== undefined);
    // Nobody knows what came of it: at any time later it is a write that found what it expected, or nothing.
    const action = { kind: 'swap' as const, expected, value, held: held || outcome === undefined };
    this.#note(key, { client, calledAt, answeredAt, action });
    if (held) this.#hunches.set(key, value);
  }

  #newValue(): string {
    return `${MARK}${String(++this.#values).padStart(8, '0')}`;
  }

  #answeredAt(isKnown: boolean): number {
    if (isKnown) return performance.now();
    this.#unknown++;
    return Infinity;
  }

  #note(key: string, operation: Operation): void {
    this.histories.get(key)!.push(operation);
  }
}
