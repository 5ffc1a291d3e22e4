import { createDeferred, fromUtf8, toHex, toUtf8 } from '@caisson/base';
import type { SeededRandom } from '@caisson/compliance';
import { isCaissonError, type KvService, type WriteRequest, type WriteResponse } from '@caisson/contracts';
import type { StormCluster } from '../cluster/cluster.js';
import type { KvHabits } from '../cluster/habits.js';
import type { Diary } from '../oracles/diary.js';
import { CANARY } from '../oracles/spy.js';

const ATTEMPT_MS = 700;
const IMPATIENT_MS = 30;
const PAUSE_MS = 25;
const LARGE_CHARACTERS = 20_000;
const EARLY = 'early:';
const PADDING = '#';

export interface CallsOptions {
  readonly cluster: StormCluster;
  readonly random: SeededRandom;
  readonly habits: KvHabits;
  readonly diary: Diary;
  /** They repeat a write under another request id. */
  readonly isForgetful: boolean;
  /** For how long a request id is sure to be known, and a write may be repeated under it. */
  readonly repeatMsMax?: number | undefined;
}

/** A moment to read at, and when it was given. */
export interface Beginning {
  readonly startTs: bigint;
  readonly calledAt: number;
  readonly answeredAt: number;
}

/** How clients call nodes: through whichever is there, and again until it is done. */
export class Calls {
  readonly cluster: StormCluster;
  readonly habits: KvHabits;
  readonly diary: Diary;
  /** Writes that were answered. */
  acknowledged = 0;
  isOver = false;
  readonly #random: SeededRandom;
  readonly #isForgetful: boolean;
  readonly #repeatMsMax: number;
  #favourite: string | undefined;

  constructor({ cluster, diary, habits, isForgetful, random, repeatMsMax = Infinity }: CallsOptions) {
    this.cluster = cluster;
    this.habits = habits;
    this.diary = diary;
    this.#random = random;
    this.#isForgetful = isForgetful;
    this.#repeatMsMax = repeatMsMax;
  }

  get now(): number {
    return this.cluster.clock.monotonicMs();
  }

  requestId(): Uint8Array {
    return this.#random.bytes(16);
  }

  /** What became of the write; undefined for a client that gives up without knowing. */
  async write(request: WriteRequest, calledAt: number): Promise<WriteResponse | undefined> {
    while (!this.isOver && this.now - calledAt < this.#repeatMsMax) {
      const attempt = this.#isForgetful ? { ...request, requestId: this.requestId() } : request;
      const write = () => this.attempt((kv) => kv.write(attempt, {}));
      const calls = this.habits.has('hedging') ? [write(), write()] : [write()];
      const response = await Promise.race(calls);
      if (response !== undefined) {
        const id = toHex(attempt.requestId!);
        this.diary.wrote({ id, response, calledAt, answeredAt: this.now });
        if (response.kind !== 'conflict') this.acknowledged++;
        if (response.kind !== 'committed') this.#noteRefused(request);
        return response;
      }
      await this.cluster.clock.sleep(PAUSE_MS);
    }
    return undefined;
  }

  /** A moment at which everything that was acknowledged is there. */
  async begin(node?: string): Promise<Beginning | undefined> {
    const calledAt = this.now;
    const begun = await this.attempt((kv) => kv.begin({}), node);
    if (begun === undefined) return undefined;
    const beginning = { startTs: begun.startTs, calledAt, answeredAt: this.now };
    this.diary.began(beginning);
    return beginning;
  }

  /** A key as it was at a moment; undefined where nobody says. */
  async readAt(key: string, ts: bigint, node?: string): Promise<{ readonly saw?: string } | undefined> {
    const answer = await this.attempt((kv) => kv.get({ key: toUtf8(key), ts }, {}), node);
    if (answer === undefined) return undefined;
    const saw = answer.found && nameOf(answer.found.value);
    this.diary.readAt({ key, saw, ts });
    return saw === undefined ? {} : { saw };
  }

  /** One call to one node, within its time. Undefined for whatever is no answer. */
  async attempt<T>(call: (kv: KvService) => Promise<T>, node?: string): Promise<T | undefined> {
    const wanted = node ?? (this.habits.has('stubborn') ? this.#favourite : undefined);
    const up = this.cluster.machines.filter(({ isUp }) => isUp);
    const serving = up.filter(({ name }) => (wanted ?? name) === name);
    if (serving.length === 0) this.#favourite = undefined;
    const machine = serving[this.#random.integer(Math.max(serving.length, 1))];
    if (machine === undefined) return undefined;
    const limitMs = this.habits.has('impatient') && node === undefined ? IMPATIENT_MS : ATTEMPT_MS;
    const late = createDeferred<undefined>();
    const cancelLimit = this.cluster.clock.after(limitMs, () => late.resolve(undefined));
    const { kv, life } = machine.process!;
    const calling = new Promise<T>((resolve, reject) => life.run(() => call(kv).then(resolve, reject)));
    const answer = calling.catch((error: unknown) => this.#excuse(error));
    try {
      const answered = await Promise.race([answer, late.promise]);
      this.#favourite = answered === undefined ? undefined : machine.name;
      return answered;
    } finally {
      cancelLimit();
    }
  }

  /** What every value begins with: nothing may be seen of it, or, too early for that, it says so. */
  get mark(): string {
    const isEarly = this.cluster.isEncrypted && !this.cluster.isSealing;
    return isEarly ? EARLY : CANARY;
  }

  /** As it is stored; what stands in histories is its beginning. */
  whole(value: string): Uint8Array {
    const isLarge = value !== '' && this.habits.has('large') && this.#random.integer(4) === 0;
    const whole = isLarge ? value + PADDING.repeat(LARGE_CHARACTERS) : value;
    this.diary.whole(value, whole);
    return toUtf8(whole);
  }

  #noteRefused({ mutations }: WriteRequest): void {
    for (const mutation of mutations)
      if (mutation.op === 'put') this.diary.refuse(fromUtf8(mutation.key)!, nameOf(mutation.value));
  }

  #excuse(error: unknown): undefined {
    this.cluster.ears.hear('an error to a client', error);
    const isRefused = isCaissonError(error) && error.entry.retry === 'never';
    const isCompacted = isRefused && (error.code === 'READ_TS_COMPACTED' || error.code === 'RESULT_EXPIRED');
    if (isCaissonError(error) && (!isRefused || isCompacted)) return undefined;
    const text = error instanceof Error ? `${error.message} ${error.stack}` : String(error);
    this.cluster.findings.add('L5', `a client heard: ${text}`);
    return undefined;
  }
}

/** Whether a write was done; undefined where nobody knows. */
export function heldBy(response: WriteResponse | undefined): boolean | undefined {
  return response === undefined ? undefined : response.kind === 'committed';
}

/** What stands in histories for a value. */
export function nameOf(value: Uint8Array): string {
  const text = fromUtf8(value)!;
  const end = text.indexOf(PADDING);
  return end < 0 ? text : text.slice(0, end);
}
