import { SeededRandom } from '@caisson/compliance';
import fc from 'fast-check';
import { judgeTransactions } from './serializable.js';
import type { ListAction, Transaction } from './transaction.js';

const append = (key: string, element: string): ListAction => ({ kind: 'append', key, element });
const read = (key: string, ...saw: readonly string[]): ListAction => ({ kind: 'read', key, saw });

function transaction(calledAt: number, answeredAt: number, ...actions: readonly ListAction[]): Transaction {
  const outcome = answeredAt === Infinity ? 'unknown' : 'committed';
  return { client: 'c', calledAt, answeredAt, outcome, actions };
}
/** Of whom nobody knows before whom they were. */
const together = (...actions: readonly ListAction[]): Transaction => transaction(0, 100, ...actions);
const refused = (...actions: readonly ListAction[]): Transaction => {
  return { ...together(...actions), outcome: 'refused' };
};

function kinds(...history: readonly Transaction[]): readonly string[] {
  return [...new Set(judgeTransactions(history).map(({ kind }) => kind))].sort();
}

const ANOMALIES: Readonly<Record<string, readonly Transaction[]>> = {
  G0: [
    together(append('x', '1'), append('y', '1')),
    together(append('x', '2'), append('y', '2')),
    together(read('x', '1', '2')),
    together(read('y', '2', '1')),
  ],
  G1a: [refused(append('x', '1')), together(read('x', '1'))],
  G1b: [
    together(append('x', '1'), append('x', '2')),
    together(read('x', '1')),
    together(read('x', '1', '2')),
  ],
  G1c: [together(append('x', '1'), read('y', '1')), together(append('y', '1'), read('x', '1'))],
  'G-single': [
    together(append('x', '1'), append('y', '1')),
    together(read('x', '1'), read('y')),
    together(read('y', '1')),
  ],
  'lost updates (G-single)': [
    together(read('x'), append('x', '1')),
    together(read('x'), append('x', '2')),
    together(read('x', '1', '2')),
  ],
  G2: [
    together(read('x'), append('y', '1')),
    together(read('y'), append('x', '1')),
    together(read('x', '1'), read('y', '1')),
  ],
  'G-single-realtime': [
    transaction(0, 1, append('x', '1')),
    transaction(2, 3, read('x')),
    transaction(4, 5, read('x', '1')),
  ],
  'G0-realtime': [
    transaction(0, 1, append('x', '1')),
    transaction(2, 3, append('x', '2')),
    transaction(4, 5, read('x', '2', '1')),
  ],
  'G1c-realtime': [transaction(0, 1, read('x', '1')), transaction(2, 3, append('x', '1'))],
  'G2-realtime': [
    transaction(0, 1, append('y', '1')),
    transaction(0, 9, append('x', '1'), read('y')),
    transaction(4, 5, read('x')),
  ],
  'own appends that are not there yet (internal)': [together(append('x', '1'), read('x'))],
  internal: [together(read('x', '1'), append('x', '1'))],
  unwritten: [together(read('x', '7'))],
  duplicate: [together(append('x', '1')), together(read('x', '1', '1'))],
  'incompatible-order': [
    together(append('x', '1')),
    together(append('x', '2')),
    together(read('x', '1')),
    together(read('x', '2', '1')),
  ],
  'dirty-update': [refused(append('x', '1')), together(append('x', '2')), together(read('x', '1', '2'))],
  'lost-append': [transaction(0, 1, append('x', '1')), transaction(2, 3, read('x'))],
};

describe('judgeTransactions', () => {
  test.each(Object.entries(ANOMALIES))('finds %s, and tells who did what', (name, history) => {
    const kind = /\((.+)\)/.exec(name)?.[1] ?? name;
    expect(kinds(...history)).toContain(kind);
    for (const { story } of judgeTransactions(history)) expect(story).toMatch(/reads|appends/);
  });

  it('takes what nobody knows the end of for done once it is seen, and else for not done', () => {
    const unknown = transaction(0, Infinity, append('x', '1'), append('y', '1'));
    expect(kinds(unknown, transaction(5, 6, read('x'), read('y')))).toEqual([]);
    expect(kinds(unknown, transaction(5, 6, read('x', '1'), read('y', '1')))).toEqual([]);
    expect(kinds(unknown, transaction(5, 6, read('x', '1'), read('y')))).toEqual(['G-single']);
    const follower = transaction(0, Infinity, read('x', '1'), append('z', '1'));
    expect(kinds(unknown, follower, transaction(5, 6, read('z', '1'), read('y')))).toContain('G-single');
  });

  it('accepts whatever happened one after the other', () => {
    for (let seed = 1; seed <= 60; seed++) expect([seed, ...kinds(...play(seed, 200))]).toEqual([seed]);
  });

  it('notices one answer that was forged', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const history = play(seed, 200);
      expect([seed, kinds(...forged(history, seed)).length > 0]).toEqual([seed, true]);
    }
  });

  it('says what trying every order says, of small histories', () => {
    let wrong = 0;
    const agrees = (history: readonly Transaction[]): void => {
      const isPossible = someOrder(history, [...history.keys()], new Map());
      if (!isPossible) wrong++;
      expect(kinds(...history).length === 0).toBe(isPossible);
    };
    fc.assert(fc.property(smallHistories(), agrees), { numRuns: 1500, seed: 1 });
    expect(wrong).toBeGreaterThan(300);
    expect(wrong).toBeLessThan(1400);
  });
});

/** Transactions that each happen at one moment within their span, some of them without an answer. */
function play(seed: number, count: number): Transaction[] {
  const random = new SeededRandom(seed);
  const lists = new Map<string, string[]>();
  return Array.from({ length: count }, (_, at) => {
    const [before, after, fate] = [random.integer(60), random.integer(60), random.integer(12)];
    const outcome = fate === 0 ? 'refused' : fate === 1 ? 'unknown' : 'committed';
    const isDone = outcome === 'committed' || (outcome === 'unknown' && random.integer(2) === 0);
    const own = new Map<string, string[]>();
    const actions = Array.from({ length: 1 + random.integer(4) }, (__, nth): ListAction => {
      const key = `k${Math.floor(at / 50)}.${random.integer(3)}`;
      const list = own.get(key) ?? [...(lists.get(key) ?? [])];
      own.set(key, list);
      if (random.integer(2) === 0) return read(key, ...list);
      list.push(`${at}.${nth}`);
      return append(key, `${at}.${nth}`);
    });
    if (isDone) for (const [key, list] of own) lists.set(key, list);
    const answeredAt = outcome === 'unknown' ? Infinity : at * 10 + after;
    return { client: 'c', calledAt: at * 10 - before, answeredAt, outcome, actions };
  });
}

/** One committed read that saw something forgets the last of it, long after that was answered. */
function forged(history: readonly Transaction[], seed: number): Transaction[] {
  const late = history.at(-1)!.calledAt + 200;
  const seen = history.flatMap(({ actions, outcome }) =>
    outcome === 'committed' ? actions.filter((action) => action.kind === 'read') : [],
  );
  const longer = seen.filter(({ saw }) => saw.length > 1);
  const { key, saw } = longer[seed % longer.length]!;
  return [...history, transaction(late, late + 1, read(key, ...saw.slice(0, -1)))];
}

function smallHistories(): fc.Arbitrary<Transaction[]> {
  const keys = fc.constantFrom('x', 'y');
  const wish = fc.oneof(
    fc.record({ kind: fc.constant('append'), key: keys }),
    fc.record({ kind: fc.constant('read'), key: keys, length: fc.nat(3) }),
  );
  const wishes = fc.record({
    from: fc.nat(4),
    span: fc.nat(4),
    isUnknown: fc.boolean(),
    wished: fc.array(wish, { minLength: 1, maxLength: 3 }),
  });
  return fc.array(wishes, { minLength: 1, maxLength: 5 }).map((list) => {
    const order = new Map<string, string[]>();
    for (const [at, { wished }] of list.entries()) {
      for (const [nth, { key, kind }] of wished.entries()) {
        if (kind === 'append') order.set(key, [...(order.get(key) ?? []), `${at}.${nth}`]);
      }
    }
    return list.map(({ from, isUnknown, span, wished }, at) => {
      const actions = wished.map((each, nth) =>
        'length' in each
          ? read(each.key, ...(order.get(each.key) ?? []).slice(0, each.length))
          : append(each.key, `${at}.${nth}`),
      );
      return transaction(from, isUnknown ? Infinity : from + span, ...actions);
    });
  });
}

/** Tries every order that respects time, and every end of what is unknown. */
function someOrder(
  history: readonly Transaction[],
  left: readonly number[],
  lists: ReadonlyMap<string, readonly string[]>,
): boolean {
  if (left.every((at) => history[at]!.outcome === 'unknown')) return true;
  return left.some((at) => {
    const { actions, calledAt } = history[at]!;
    if (left.some((other) => other !== at && history[other]!.answeredAt < calledAt)) return false;
    const after = new Map(lists);
    for (const action of actions) {
      const list = after.get(action.key) ?? [];
      if (action.kind === 'append') after.set(action.key, [...list, action.element]);
      else if (action.saw.join() !== list.join()) return false;
    }
    return someOrder(
      history,
      left.filter((other) => other !== at),
      after,
    );
  });
}
