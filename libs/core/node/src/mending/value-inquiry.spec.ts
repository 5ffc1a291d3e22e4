import { CaissonError } from '@caisson/contracts';
import {
  decodeStoredValueQuestion,
  encodeStoredValueAnswer,
  type StoredValueQuestion,
} from '@caisson/formats';
import { bookOf, quiet, TurningClock } from '../testdata/membership-bench.js';
import { storedValueHere } from './stored-value-here.js';
import { ValueInquiry } from './value-inquiry.js';

const KEY = Uint8Array.of(2, 1);
const VALUE = Uint8Array.of(2, 9, 9);

let clock: TurningClock;
let asked: [string, StoredValueQuestion][];
/** What each member has; one that is missing here does not answer. */
let has: Map<string, Uint8Array | undefined>;

beforeEach(() => {
  clock = new TurningClock();
  asked = [];
  has = new Map();
});

const transport = {
  async ask({ name }: { readonly name: string }, question: Uint8Array) {
    asked.push([name, decodeStoredValueQuestion(question)]);
    if (!has.has(name)) throw new CaissonError('UNAVAILABLE', { name });
    return encodeStoredValueAnswer(has.get(name));
  },
};

function inquiry(voters: readonly string[], learners: readonly string[] = []): ValueInquiry {
  const members = { book: bookOf(voters, learners) };
  return new ValueInquiry({
    group: 1,
    self: 'n1',
    members,
    position: { value: 40 },
    transport,
    clock,
    logger: quiet,
  });
}

async function answers(from: ValueInquiry): Promise<readonly Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const answer of from.ask(KEY)) all.push(answer);
  return all;
}

const names = () => asked.map(([name]) => name);

describe('a value that does not open', () => {
  it('is asked for at every other member, learners too, as of what is applied here', async () => {
    for (const name of ['n2', 'n3', 'n9']) has.set(name, VALUE);
    expect(await answers(inquiry(['n1', 'n2', 'n3'], ['n9']))).toEqual([VALUE, VALUE, VALUE]);
    expect(names().sort()).toEqual(['n2', 'n3', 'n9']);
    expect(asked[0]![1]).toEqual({ group: 1, applied: 40, storeKey: KEY });
  });

  it('is asked for no further once the caller has what it needs', async () => {
    for (const name of ['n2', 'n3']) has.set(name, VALUE);
    for await (const answer of inquiry(['n1', 'n2', 'n3']).ask(KEY)) {
      expect(answer).toEqual(VALUE);
      break;
    }
    expect(asked).toHaveLength(1);
  });

  it('is asked for again where a member was silent, and not where it has none', async () => {
    has.set('n2', undefined);
    clock.onSleep = () => {
      if (clock.slept === 3) has.set('n3', VALUE);
    };
    expect(await answers(inquiry(['n1', 'n2', 'n3']))).toEqual([VALUE]);
    expect(names().filter((name) => name === 'n2')).toHaveLength(1);
    expect(names().filter((name) => name === 'n3')).toHaveLength(4);
  });

  it('is given up where nobody answers, and at once where nobody else is', async () => {
    expect(await answers(inquiry(['n1', 'n2']))).toEqual([]);
    expect(asked.length).toBeGreaterThan(1);
    expect(await answers(inquiry(['n1']))).toEqual([]);
  });

  it('is not waited for by a node that stops', async () => {
    const stopping = inquiry(['n1', 'n2']);
    clock.onSleep = () => stopping.end();
    await expect(answers(stopping)).rejects.toMatchObject({ code: 'DRAINING' });
  });
});

describe('a member that is asked', () => {
  const encryption = { storedValue: async () => VALUE };
  const question = { group: 1, applied: 40, storeKey: KEY };

  it('answers once it has applied as much as the asker', async () => {
    expect(await storedValueHere({ encryption, position: { value: 40 } }, question)).toEqual(VALUE);
    const behind = storedValueHere({ encryption, position: { value: 39 } }, question);
    await expect(behind).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('has none where nothing is ever sealed', async () => {
    expect(await storedValueHere({ encryption: {}, position: { value: 40 } }, question)).toBeUndefined();
  });
});
