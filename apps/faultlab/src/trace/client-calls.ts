import { fromUtf8 } from '@caisson/base';
import { override } from '@caisson/compliance';
import {
  type BeginResponse,
  type Condition,
  type GetResponse,
  isCaissonError,
  type KvService,
  type ScanResponse,
  type WriteRequest,
  type WriteResponse,
} from '@caisson/contracts';
import type { HappenedBefore, Horizon, Mark } from './happened-before.js';
import type { Call } from './record.js';

const NAME_MAX = 40;
const PADDING = '#';

export type NotedCall = { -readonly [Name in keyof Omit<Call, 'isPast'>]: Call[Name] } & {
  readonly mark: Mark;
  /** Its arrival at the node. */
  readonly heard: Mark;
  /** What the client knew of once it had its answer. */
  horizon?: Horizon;
};

type About = Pick<NotedCall, 'expects' | 'key' | 'value' | 'what'>;
type End = Pick<NotedCall, 'end' | 'said' | 'ts' | 'value'>;

/** What clients call, and what they are told. */
export class ClientCalls {
  readonly all: NotedCall[] = [];
  readonly #order: HappenedBefore;
  readonly #nowMs: () => number;

  constructor(order: HappenedBefore, nowMs: () => number) {
    this.#order = order;
    this.#nowMs = nowMs;
  }

  through(node: string, client: string, sound: KvService): KvService {
    const noted = <T>(about: About, call: () => Promise<T>, endOf: (answer: T) => End): Promise<T> =>
      this.#note(this.#begin(client, node, about), call, endOf);
    return override(sound, {
      get: (request, context) =>
        noted({ what: 'get', key: nameOf(request.key) }, () => sound.get(request, context), readEnd),
      scan: (request, context) =>
        noted({ what: 'scan', key: nameOf(request.from) }, () => sound.scan(request, context), readEnd),
      begin: (context) => noted({ what: 'begin' }, () => sound.begin(context), beginEnd),
      write: (request, context) =>
        noted({ what: 'write', ...written(request) }, () => sound.write(request, context), writeEnd),
    });
  }

  #begin(client: string, node: string, about: About): NotedCall {
    const mark = this.#order.step(client);
    // The call is at the node at once: clients are next to all of them.
    const heard = this.#order.hear(node, this.#order.horizon(client));
    const call: NotedCall = { client, node, ...about, fromMs: this.#nowMs(), end: 'open', mark, heard };
    this.all.push(call);
    return call;
  }

  /** The very promise comes back, so that nothing happens later for it. */
  #note<T>(call: NotedCall, work: () => Promise<T>, endOf: (answer: T) => End): Promise<T> {
    const answer = work();
    const ended = (end: End) => {
      Object.assign(call, end, { untilMs: this.#nowMs() });
      this.#order.hear(call.client, this.#order.horizon(call.node));
      call.horizon = this.#order.horizon(call.client);
    };
    answer.then(
      (value) => ended(endOf(value)),
      (error: unknown) => ended({ end: 'refused', said: isCaissonError(error) ? error.code : 'a surprise' }),
    );
    return answer;
  }
}

/** As stories name it: a large value is padded behind its name. */
export function nameOf(bytes: Uint8Array): string {
  const text = fromUtf8(bytes) ?? 'bytes';
  const end = text.indexOf(PADDING);
  return (end < 0 ? text : text.slice(0, end)).slice(0, NAME_MAX);
}

function written({ conditions = [], mutations }: WriteRequest): Omit<About, 'what'> {
  const [first] = mutations;
  if (first === undefined) return {};
  if (first.op === 'deletePrefix') return { key: nameOf(first.prefix) };
  const [condition] = conditions;
  const expects = condition === undefined ? {} : { expects: expectationOf(condition) };
  const value = first.op === 'put' ? { value: nameOf(first.value) } : {};
  return { key: nameOf(first.key), ...value, ...expects };
}

function expectationOf({ expect }: Condition): string {
  if (expect.kind === 'value') return nameOf(expect.value);
  return expect.kind === 'absent' ? 'nothing' : expect.kind;
}

function readEnd(answer: GetResponse | ScanResponse): End {
  const found = 'found' in answer ? answer.found : undefined;
  const ts = answer.readTs.toString();
  return { end: 'ok', ts, ...(found !== undefined && { value: nameOf(found.value) }) };
}

function beginEnd({ startTs }: BeginResponse): End {
  return { end: 'ok', ts: startTs.toString() };
}

function writeEnd({ kind }: WriteResponse): End {
  return kind === 'committed' ? { end: 'ok' } : { end: 'refused', said: kind };
}
