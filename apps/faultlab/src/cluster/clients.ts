import { fromUtf8, toUtf8 } from '@caisson/base';
import type { SeededRandom } from '@caisson/compliance';
import { isCaissonError, type KvService, type WriteRequest } from '@caisson/contracts';
import { type Action, describeOperation, type Operation } from '@caisson/simulator';
import { CANARY } from '../oracles/spy.js';
import type { StormCluster } from './cluster.js';

const ATTEMPT_MS = 700;
const PAUSE_MS = 25;
const KEYS = 4;
/** Histories are searched key by key, so no key grows old. */
const OPERATIONS_PER_KEY = 60;

/**
 * Clients that read and write through whatever node they find, and repeat a write under its request id until
 * they know what became of it.
 */
export class Clients {
  /** By key. */
  readonly histories = new Map<string, Operation[]>();
  acknowledged = 0;
  isOver = false;
  readonly #cluster: StormCluster;
  readonly #random: SeededRandom;
  readonly #isForgetful: boolean;
  #count = 0;
  #ages: number[] = Array.from({ length: KEYS }, () => 0);

  constructor(cluster: StormCluster, random: SeededRandom, isForgetful: boolean) {
    this.#isForgetful = isForgetful;
    this.#cluster = cluster;
    this.#random = random;
  }

  /** One client, until it is over. */
  async run(client: string): Promise<void> {
    while (!this.isOver) {
      await this.#cluster.clock.sleep(1 + this.#random.integer(2 * PAUSE_MS));
      const key = this.#pickKey();
      const kind = this.#random.integer(10);
      if (kind < 4) await this.read(client, key);
      else if (kind < 6) await this.#transact(client, key);
      else await this.#write(client, key, kind < 8);
    }
  }

  /** A linearizable read, through `node` or any; a read that fails says nothing and is forgotten. */
  async read(client: string, key: string, node?: string): Promise<boolean> {
    const calledAt = this.#now();
    const answer = await this.#attempt((kv) => kv.get({ key: toUtf8(key) }, {}), node);
    if (answer === undefined) return false;
    const saw = answer.found && fromUtf8(answer.found.value);
    this.#note(key, { client, calledAt, answeredAt: this.#now(), action: { kind: 'read', saw } });
    return true;
  }

  async #write(client: string, key: string, isBlind: boolean): Promise<void> {
    const value = `${CANARY}${client}.${++this.#count}`;
    const calledAt = this.#now();
    const expected = isBlind ? undefined : this.#lastSeen(key);
    const request: WriteRequest = {
      mutations: [{ op: 'put', key: toUtf8(key), value: toUtf8(value) }],
      requestId: this.#random.bytes(16),
      ...(!isBlind && { conditions: [{ key: toUtf8(key), expect: expectationOf(expected) }] }),
    };
    const held = await this.#repeat(request);
    const action: Action = isBlind
      ? { kind: 'write', value }
      : { kind: 'swap', expected, value, held: held ?? true };
    const answeredAt = held === undefined ? Infinity : this.#now();
    if (held !== undefined) this.acknowledged++;
    this.#note(key, { client, calledAt, answeredAt, action });
  }

  /** Reads at a timestamp and writes if nothing changed since: one swap, of what was read. */
  async #transact(client: string, key: string): Promise<void> {
    const begunAt = this.#now();
    const begun = await this.#attempt(async (kv) => {
      const { startTs } = await kv.begin({});
      const answeredAt = this.#now();
      const { found } = await kv.get({ key: toUtf8(key), ts: startTs }, {});
      return { startTs, answeredAt, saw: found && fromUtf8(found.value) };
    });
    if (begun === undefined) return;
    const { answeredAt: knownAt, saw, startTs } = begun;
    const read: Action = { kind: 'read', saw };
    this.#note(key, { client, calledAt: begunAt, answeredAt: knownAt, action: read });
    const value = `${CANARY}${client}.${++this.#count}`;
    const calledAt = this.#now();
    const mutations = [{ op: 'put', key: toUtf8(key), value: toUtf8(value) }] as const;
    const requestId = this.#random.bytes(16);
    const held = await this.#repeat({ mutations, requestId, startTs, readKeys: [toUtf8(key)] });
    // What a conflict was with it does not say: there is nothing to hold it to.
    if (held === false) return;
    const answeredAt = held === undefined ? Infinity : this.#now();
    if (held === true) this.acknowledged++;
    const action: Action = { kind: 'swap', expected: saw, value, held: true };
    this.#note(key, { client, calledAt, answeredAt, action });
  }

  /** Whether the write happened; undefined for a client that ends without knowing. */
  async #repeat(request: WriteRequest): Promise<boolean | undefined> {
    while (!this.isOver) {
      const attempt = this.#isForgetful ? { ...request, requestId: this.#random.bytes(16) } : request;
      const response = await this.#attempt((kv) => kv.write(attempt, {}));
      if (response !== undefined) return response.kind === 'committed';
      await this.#cluster.clock.sleep(PAUSE_MS);
    }
    return undefined;
  }

  /** One call to one node, within its time. Undefined for whatever is no answer. */
  async #attempt<T>(call: (kv: KvService) => Promise<T>, node?: string): Promise<T | undefined> {
    const serving = this.#cluster.machines.filter(({ isUp, name }) => isUp && (node ?? name) === name);
    const machine = serving[this.#random.integer(Math.max(serving.length, 1))];
    if (machine === undefined) return undefined;
    const limit = new AbortController();
    const late = this.#cluster.clock.sleep(ATTEMPT_MS, limit.signal).then(
      () => undefined,
      () => undefined,
    );
    const answer = call(machine.process!.kv).catch((error: unknown) => this.#excuse(error));
    try {
      return await Promise.race([answer, late]);
    } finally {
      limit.abort();
    }
  }

  #excuse(error: unknown): undefined {
    if (isCaissonError(error) && error.entry.retry !== 'never') return undefined;
    const text = error instanceof Error ? `${error.message} ${error.stack}` : String(error);
    this.#cluster.findings.add('L5', `a client heard: ${text}`);
    return undefined;
  }

  #pickKey(): string {
    const slot = this.#random.integer(KEYS);
    const age = this.#ages[slot]!++;
    return `k${slot}.${Math.floor(age / OPERATIONS_PER_KEY)}`;
  }

  #lastSeen(key: string): string | undefined {
    const action = this.histories.get(key)?.at(-1)?.action;
    if (action === undefined) return undefined;
    return action.kind === 'read' ? action.saw : action.value;
  }

  #note(key: string, operation: Operation): void {
    const history = this.histories.get(key) ?? [];
    history.push(operation);
    this.#cluster.trace.note('operation', key, describeOperation(operation));
    this.histories.set(key, history);
  }

  #now(): number {
    return this.#cluster.clock.monotonicMs();
  }
}

function expectationOf(expected: string | undefined) {
  if (expected === undefined) return { kind: 'absent' } as const;
  return { kind: 'value', value: toUtf8(expected) } as const;
}
