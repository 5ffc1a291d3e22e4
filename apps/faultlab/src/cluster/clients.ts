import { fromUtf8, toHex, toUtf8 } from '@caisson/base';
import type { SeededRandom } from '@caisson/compliance';
import { isCaissonError, type KvService, type WriteRequest, type WriteResponse } from '@caisson/contracts';
import { type Action, describeOperation, type Operation } from '@caisson/simulator';
import type { Diary } from '../oracles/diary.js';
import { CANARY } from '../oracles/spy.js';
import type { StormCluster } from './cluster.js';
import type { KvHabits } from './habits.js';

const ATTEMPT_MS = 700;
const IMPATIENT_MS = 30;
const PAUSE_MS = 25;
const KEYS = 4;
/** Histories are searched key by key, so no key grows old. */
const OPERATIONS_PER_KEY = 60;
const LARGE_CHARACTERS = 20_000;
const PAGE = 3;
const EARLY = 'early:';
const PADDING = '#';

export interface ClientsOptions {
  readonly cluster: StormCluster;
  readonly random: SeededRandom;
  readonly habits: KvHabits;
  readonly diary: Diary;
  /** They repeat a write under another request id. */
  readonly isForgetful: boolean;
  /** For how long a request id is sure to be known, and a write may be repeated under it. */
  readonly repeatMsMax?: number | undefined;
}

/**
 * Clients that read and write through whatever node they find, and repeat a write under its request id until
 * they know what became of it.
 */
export class Clients {
  /** By key. */
  readonly histories = new Map<string, Operation[]>();
  acknowledged = 0;
  isOver = false;
  readonly #parts: ClientsOptions;
  readonly #cluster: StormCluster;
  readonly #random: SeededRandom;
  readonly #diary: Diary;
  #count = 0;
  #ages: number[] = Array.from({ length: KEYS }, () => 0);
  #favourite: string | undefined;

  constructor(parts: ClientsOptions) {
    this.#parts = parts;
    this.#cluster = parts.cluster;
    this.#random = parts.random;
    this.#diary = parts.diary;
  }

  /** One client, until it is over. */
  async run(client: string): Promise<void> {
    while (!this.isOver) {
      await this.#cluster.clock.sleep(1 + this.#random.integer(2 * PAUSE_MS));
      const key = this.#pickKey();
      const kind = this.#random.integer(10);
      if (kind === 0 && this.#parts.habits.has('scanning')) await this.#scan();
      else if (kind < 4) await this.read(client, key);
      else if (kind < 6) await this.#transact(client, key);
      else await this.#write(client, key, kind < 8);
    }
  }

  /** A linearizable read, through `node` or any; a read that fails says nothing and is forgotten. */
  async read(client: string, key: string, node?: string): Promise<boolean> {
    const calledAt = this.#now();
    const answer = await this.#attempt((kv) => kv.get({ key: toUtf8(key) }, {}), node);
    if (answer === undefined) return false;
    const saw = answer.found && nameOf(answer.found.value);
    const answeredAt = this.#now();
    this.#diary.read({ key, saw, calledAt, answeredAt });
    this.#note(key, { client, calledAt, answeredAt, action: { kind: 'read', saw } });
    return true;
  }

  async #write(client: string, key: string, isBlind: boolean): Promise<void> {
    const value = this.#value(client);
    const calledAt = this.#now();
    const expected = isBlind ? undefined : this.#lastSeen(key);
    // What a padded value is compared with is the whole of it.
    const found = isBlind || expected === undefined ? undefined : this.#diary.wholeOf(expected);
    const request: WriteRequest = {
      mutations: [{ op: 'put', key: toUtf8(key), value: this.#whole(value) }],
      requestId: this.#random.bytes(16),
      ...(!isBlind && { conditions: [{ key: toUtf8(key), expect: expectationOf(found) }] }),
    };
    const held = heldBy(await this.#repeat(request, calledAt));
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
      return { startTs, answeredAt, saw: found && nameOf(found.value) };
    });
    if (begun === undefined) return;
    const { answeredAt: knownAt, saw, startTs } = begun;
    const read: Action = { kind: 'read', saw };
    this.#diary.readAt({ key, saw, ts: startTs });
    this.#note(key, { client, calledAt: begunAt, answeredAt: knownAt, action: read });
    const value = this.#value(client);
    const calledAt = this.#now();
    const mutations = [{ op: 'put', key: toUtf8(key), value: this.#whole(value) }] as const;
    const requestId = this.#random.bytes(16);
    const request = { mutations, requestId, startTs, readKeys: [toUtf8(key)] };
    const held = heldBy(await this.#repeat(request, calledAt));
    // What a conflict was with it does not say: there is nothing to hold it to.
    if (held === false) return;
    const answeredAt = held === undefined ? Infinity : this.#now();
    if (held === true) this.acknowledged++;
    const action: Action = { kind: 'swap', expected: saw, value, held: true };
    this.#note(key, { client, calledAt, answeredAt, action });
  }

  /** Everything there is, page by page and slowly, at one timestamp. */
  async #scan(): Promise<void> {
    let continuation: Uint8Array | undefined;
    let ts: bigint | undefined;
    let last = '';
    for (let pages = 0; pages < 10; pages++) {
      const page = await this.#attempt((kv) =>
        kv.scan({ from: toUtf8('k'), limit: PAGE, ...(continuation && { continuation }) }, {}),
      );
      if (page === undefined) return;
      if (ts !== undefined && page.readTs !== ts)
        this.#cluster.findings.add('T11', 'pages of a scan differ in time');
      ts = page.readTs;
      for (const { key, value } of page.pairs) {
        const name = fromUtf8(key)!;
        if (name <= last) this.#cluster.findings.add('T11', `a scan comes to ${name} behind ${last}`);
        last = name;
        this.#diary.readAt({ key: name, saw: value && nameOf(value), ts });
      }
      continuation = page.continuation;
      if (continuation === undefined) return;
      await this.#cluster.clock.sleep(this.#random.integer(400));
    }
  }

  /** What became of the write; undefined for a client that gives up without knowing. */
  async #repeat(request: WriteRequest, calledAt: number): Promise<WriteResponse | undefined> {
    const { habits, isForgetful, repeatMsMax = Infinity } = this.#parts;
    while (!this.isOver && this.#now() - calledAt < repeatMsMax) {
      const attempt = isForgetful ? { ...request, requestId: this.#random.bytes(16) } : request;
      const write = () => this.#attempt((kv) => kv.write(attempt, {}));
      const calls = habits.has('hedging') ? [write(), write()] : [write()];
      const response = await Promise.race(calls);
      if (response !== undefined) {
        const id = toHex(attempt.requestId!);
        this.#diary.wrote({ id, response, calledAt, answeredAt: this.#now() });
        return response;
      }
      await this.#cluster.clock.sleep(PAUSE_MS);
    }
    return undefined;
  }

  /** One call to one node, within its time. Undefined for whatever is no answer. */
  async #attempt<T>(call: (kv: KvService) => Promise<T>, node?: string): Promise<T | undefined> {
    const { habits } = this.#parts;
    const wanted = node ?? (habits.has('stubborn') ? this.#favourite : undefined);
    const up = this.#cluster.machines.filter(({ isUp }) => isUp);
    const serving = up.filter(({ name }) => (wanted ?? name) === name);
    if (serving.length === 0) this.#favourite = undefined;
    const machine = serving[this.#random.integer(Math.max(serving.length, 1))];
    if (machine === undefined) return undefined;
    const limit = new AbortController();
    const limitMs = habits.has('impatient') && node === undefined ? IMPATIENT_MS : ATTEMPT_MS;
    const late = this.#cluster.clock.sleep(limitMs, limit.signal).then(
      () => undefined,
      () => undefined,
    );
    const { kv, life } = machine.process!;
    const calling = new Promise<T>((resolve, reject) => life.run(() => call(kv).then(resolve, reject)));
    const answer = calling.catch((error: unknown) => this.#excuse(error));
    try {
      const answered = await Promise.race([answer, late]);
      this.#favourite = answered === undefined ? undefined : machine.name;
      return answered;
    } finally {
      limit.abort();
    }
  }

  #excuse(error: unknown): undefined {
    this.#cluster.ears.hear('an error to a client', error);
    const isRefused = isCaissonError(error) && error.entry.retry === 'never';
    const isCompacted = isRefused && (error.code === 'READ_TS_COMPACTED' || error.code === 'RESULT_EXPIRED');
    if (isCaissonError(error) && (!isRefused || isCompacted)) return undefined;
    const text = error instanceof Error ? `${error.message} ${error.stack}` : String(error);
    this.#cluster.findings.add('L5', `a client heard: ${text}`);
    return undefined;
  }

  /** One that no other write has, unless it is empty; where nothing may be seen of it, it says so. */
  #value(client: string): string {
    if (this.#parts.habits.has('empty') && this.#random.integer(4) === 0) return '';
    const isEarly = this.#cluster.isEncrypted && !this.#cluster.isSealing;
    return `${isEarly ? EARLY : CANARY}${client}.${++this.#count}`;
  }

  /** As it is stored; what stands in histories is its beginning. */
  #whole(value: string): Uint8Array {
    const isLarge = value !== '' && this.#parts.habits.has('large') && this.#random.integer(4) === 0;
    const whole = isLarge ? value + PADDING.repeat(LARGE_CHARACTERS) : value;
    this.#diary.whole(value, whole);
    return toUtf8(whole);
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

function heldBy(response: WriteResponse | undefined): boolean | undefined {
  return response === undefined ? undefined : response.kind === 'committed';
}

function nameOf(value: Uint8Array): string {
  const text = fromUtf8(value)!;
  const end = text.indexOf(PADDING);
  return end < 0 ? text : text.slice(0, end);
}

function expectationOf(expected: string | undefined) {
  if (expected === undefined) return { kind: 'absent' } as const;
  return { kind: 'value', value: toUtf8(expected) } as const;
}
