import { toUtf8 } from '@caisson/base';
import type { SeededRandom } from '@caisson/compliance';
import type { WriteRequest } from '@caisson/contracts';
import { type Action, describeOperation, type Operation } from '@caisson/simulator';
import { type Calls, heldBy, nameOf } from './calls.js';
import { Rotation, type Workload } from './workload.js';

const KEYS = 4;
/** Histories are searched key by key, so no key grows old. */
const OPERATIONS_PER_KEY = 60;

/** Keys that are read, written, deleted, and swapped for what was found there. */
export class Registers implements Workload {
  /** By key. */
  readonly histories = new Map<string, Operation[]>();
  readonly #calls: Calls;
  readonly #random: SeededRandom;
  readonly #keys = new Rotation('k', KEYS, OPERATIONS_PER_KEY);
  #count = 0;

  constructor(calls: Calls, random: SeededRandom) {
    this.#calls = calls;
    this.#random = random;
  }

  async turn(client: string): Promise<void> {
    const key = this.#keys.use(this.#random.integer(KEYS));
    const kind = this.#random.integer(10);
    if (kind < 3) await this.read(client, key);
    else if (kind < 5) await this.#transact(client, key);
    else await this.#write(client, key, kind < 8);
  }

  /** A linearizable read, through `node` or any; a read that fails says nothing and is forgotten. */
  async read(client: string, key: string, node?: string): Promise<boolean> {
    const { diary, now: calledAt } = this.#calls;
    const answer = await this.#calls.attempt((kv) => kv.get({ key: toUtf8(key) }, {}), node);
    if (answer === undefined) return false;
    const saw = answer.found && nameOf(answer.found.value);
    const answeredAt = this.#calls.now;
    diary.read({ key, saw, calledAt, answeredAt });
    this.#note(key, { client, calledAt, answeredAt, action: { kind: 'read', saw } });
    return true;
  }

  async #write(client: string, key: string, isBlind: boolean): Promise<void> {
    const isDelete = isBlind && this.#random.integer(8) === 0;
    const value = isDelete ? undefined : this.#value(client);
    const { diary, now: calledAt } = this.#calls;
    const expected = isBlind ? undefined : this.#lastSeen(key);
    // What a padded value is compared with is the whole of it.
    const found = isBlind || expected === undefined ? undefined : diary.wholeOf(expected);
    const request: WriteRequest = {
      mutations: [
        value === undefined
          ? { op: 'delete', key: toUtf8(key) }
          : { op: 'put', key: toUtf8(key), value: this.#calls.whole(value) },
      ],
      requestId: this.#calls.requestId(),
      ...(!isBlind && { conditions: [{ key: toUtf8(key), expect: expectationOf(found) }] }),
    };
    const held = heldBy(await this.#calls.write(request, calledAt));
    const action: Action = isBlind
      ? { kind: 'write', value }
      : { kind: 'swap', expected, value: value!, held: held ?? true };
    const answeredAt = held === undefined ? Infinity : this.#calls.now;
    this.#note(key, { client, calledAt, answeredAt, action });
  }

  /** Reads at a timestamp and writes if nothing changed since: one swap, of what was read. */
  async #transact(client: string, key: string): Promise<void> {
    const begun = await this.#calls.begin();
    if (begun === undefined) return;
    const { answeredAt: knownAt, calledAt: begunAt, startTs } = begun;
    const found = await this.#calls.readAt(key, startTs);
    if (found === undefined) return;
    const { saw } = found;
    const read: Action = { kind: 'read', saw };
    this.#note(key, { client, calledAt: begunAt, answeredAt: knownAt, action: read });
    const value = this.#value(client);
    const calledAt = this.#calls.now;
    const mutations = [{ op: 'put', key: toUtf8(key), value: this.#calls.whole(value) }] as const;
    const requestId = this.#calls.requestId();
    const request = { mutations, requestId, startTs, readKeys: [toUtf8(key)] };
    const held = heldBy(await this.#calls.write(request, calledAt));
    // What a conflict was with it does not say: there is nothing to hold it to.
    if (held === false) return;
    const answeredAt = held === undefined ? Infinity : this.#calls.now;
    const action: Action = { kind: 'swap', expected: saw, value, held: true };
    this.#note(key, { client, calledAt, answeredAt, action });
  }

  /** One that no other write has, unless it is empty. */
  #value(client: string): string {
    if (this.#calls.habits.has('empty') && this.#random.integer(4) === 0) return '';
    return `${this.#calls.mark}${client}.${++this.#count}`;
  }

  #lastSeen(key: string): string | undefined {
    const action = this.histories.get(key)?.at(-1)?.action;
    if (action === undefined) return undefined;
    return action.kind === 'read' ? action.saw : action.value;
  }

  #note(key: string, operation: Operation): void {
    const history = this.histories.get(key) ?? [];
    history.push(operation);
    this.#calls.cluster.trace.note('operation', key, describeOperation(operation));
    this.histories.set(key, history);
  }
}

function expectationOf(expected: string | undefined) {
  if (expected === undefined) return { kind: 'absent' } as const;
  return { kind: 'value', value: toUtf8(expected) } as const;
}
