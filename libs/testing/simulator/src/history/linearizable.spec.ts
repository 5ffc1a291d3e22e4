import { SeededRandom } from '@caisson/compliance';
import { judgeHistory } from './linearizable.js';
import type { Action, Operation } from './operation.js';

function operation(calledAt: number, answeredAt: number, action: Action): Operation {
  return { client: 'c', calledAt, answeredAt, action };
}
const write = (value: string): Action => ({ kind: 'write', value });
const read = (saw: string | undefined): Action => ({ kind: 'read', saw });
const swap = (expected: string | undefined, value: string, held: boolean): Action => {
  return { kind: 'swap', expected, value, held };
};

function verdict(...history: readonly Operation[]): string {
  return judgeHistory(history).verdict;
}

describe('judgeHistory', () => {
  it('accepts reads of what was written before them, or at the same time', () => {
    expect(verdict()).toBe('linearizable');
    expect(
      verdict(
        operation(0, 1, read(undefined)),
        operation(2, 5, write('a')),
        operation(3, 4, read(undefined)),
        operation(3, 4, read('a')),
        operation(6, 7, read('a')),
      ),
    ).toBe('linearizable');
  });

  it('refuses a read that misses an acknowledged write', () => {
    const history = [operation(0, 1, write('a')), operation(2, 3, read(undefined))];
    expect(judgeHistory(history)).toEqual({ verdict: 'violated', story: expect.stringContaining('reads') });
    expect(
      verdict(operation(0, 1, write('a')), operation(2, 3, write('b')), operation(4, 5, read('a'))),
    ).toBe('violated');
  });

  it('refuses reads that see two concurrent writes in two orders', () => {
    expect(
      verdict(
        operation(0, 9, write('a')),
        operation(0, 9, write('b')),
        operation(10, 11, read('a')),
        operation(12, 13, read('b')),
      ),
    ).toBe('violated');
  });

  it('lets a write of unknown outcome happen late, or never, and once', () => {
    const unknown = operation(0, Infinity, write('a'));
    expect(verdict(unknown, operation(5, 6, read(undefined)))).toBe('linearizable');
    expect(verdict(unknown, operation(5, 6, read(undefined)), operation(7, 8, read('a')))).toBe(
      'linearizable',
    );
    const again = [operation(9, 10, write('b')), operation(11, 12, read('a'))];
    expect(verdict(unknown, operation(7, 8, read('a')), ...again)).toBe('violated');
  });

  it('holds swaps to what they found', () => {
    const first = operation(0, 1, swap(undefined, 'a', true));
    expect(verdict(first, operation(2, 3, swap('a', 'b', true)), operation(4, 5, read('b')))).toBe(
      'linearizable',
    );
    expect(verdict(first, operation(2, 3, swap(undefined, 'b', true)))).toBe('violated');
    expect(verdict(first, operation(2, 3, swap('a', 'b', false)))).toBe('violated');
    expect(verdict(first, operation(2, 3, swap('x', 'b', false)), operation(4, 5, read('a')))).toBe(
      'linearizable',
    );
  });

  it('tells a key that is not there from an empty value', () => {
    const [remove, empty]: Action[] = [{ kind: 'write', value: undefined }, write('')];
    const both = [operation(0, 9, remove!), operation(0, 9, empty!)];
    expect(verdict(...both, operation(10, 11, read(undefined)))).toBe('linearizable');
    expect(verdict(...both, operation(10, 11, read('')))).toBe('linearizable');
    const [gone, there] = [operation(10, 11, read(undefined)), operation(12, 13, read(''))];
    expect(verdict(...both, gone, there)).toBe('violated');
  });

  it('accepts any history of one register, and notices one forged answer', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const history = play(seed);
      expect([seed, judgeHistory(history).verdict]).toEqual([seed, 'linearizable']);
      const at = history.findIndex(({ action }) => action.kind === 'read' && action.saw !== undefined);
      const forged = history.with(at, { ...history[at]!, action: read('never written') });
      expect([seed, judgeHistory(forged).verdict]).toEqual([seed, 'violated']);
    }
  });

  it('says so when it cannot decide within its budget', () => {
    const writes = Array.from({ length: 14 }, (_, at) => operation(0, 99, write(`w${at}`)));
    expect(judgeHistory([...writes, operation(100, 101, read('none'))], 1000).verdict).toBe('undecided');
  });
});

/** Clients at one register: each operation happens at a moment within its span. */
function play(seed: number): Operation[] {
  const random = new SeededRandom(seed);
  const moments = Array.from({ length: 60 }, (_, at) => {
    const [before, after] = [random.integer(40), random.integer(40)];
    return { at, calledAt: at * 10 - before, answeredAt: at * 10 + after };
  });
  let value: string | undefined;
  return moments.map(({ at, calledAt, answeredAt }) => {
    const kind = random.integer(3);
    if (kind === 0) return operation(calledAt, answeredAt, read(value));
    const expected = random.integer(2) === 0 ? value : 'something else';
    const held = expected === value;
    const action = kind === 1 ? write(`v${at}`) : swap(expected, `v${at}`, held);
    if (kind === 1 || held) value = `v${at}`;
    const isUnknown = kind === 1 && random.integer(8) === 0;
    return operation(calledAt, isUnknown ? Infinity : answeredAt, action);
  });
}
