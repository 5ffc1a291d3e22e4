import { CaissonError } from '@caisson/contracts';
import { GatheredGets } from './gathered-gets.js';

/** A database that holds the first byte of each key, and counts how it was asked. */
class Asked {
  readonly alone: number[] = [];
  readonly together: number[][] = [];
  bad: number | undefined;

  get(key: Buffer): Promise<Buffer | undefined> {
    this.alone.push(key[0]!);
    return this.#look(key);
  }

  getMany(keys: readonly Buffer[]): Promise<readonly (Buffer | undefined)[]> {
    this.together.push(keys.map((key) => key[0]!));
    return Promise.all(keys.map((key) => this.#look(key)));
  }

  async #look([first]: Buffer): Promise<Buffer | undefined> {
    if (first === this.bad) throw new CaissonError('DISK_ERROR');
    return first === 0 ? undefined : Buffer.of(first!);
  }
}

function bench() {
  const asked = new Asked();
  return { asked, gets: new GatheredGets(asked) };
}

test('gets of one turn go together, each with its own answer, whatever becomes of the keys', async () => {
  const { asked, gets } = bench();
  const key = Buffer.from([7]);
  const found = [gets.get(key)];
  for (const first of [0, 9]) {
    key[0] = first;
    found.push(gets.get(key));
  }
  expect(await Promise.all(found)).toEqual([Uint8Array.of(7), undefined, Uint8Array.of(9)]);
  expect(asked).toMatchObject({ alone: [], together: [[7, 0, 9]] });
});

test('one get goes by itself, and the next turn is another', async () => {
  const { asked, gets } = bench();
  expect(await gets.get(Buffer.from([1]))).toEqual(Uint8Array.of(1));
  expect(await gets.get(Buffer.from([2]))).toEqual(Uint8Array.of(2));
  expect(asked).toMatchObject({ alone: [1, 2], together: [] });
});

test('very many are looked up a few at a time', async () => {
  const { asked, gets } = bench();
  const found = await Promise.all(Array.from({ length: 70 }, (_, at) => gets.get(Buffer.from([at + 1]))));
  expect(found.map((value) => value![0])).toEqual(Array.from({ length: 70 }, (_, at) => at + 1));
  expect(asked.together.map(({ length }) => length)).toEqual([32, 32, 6]);
});

test('one that cannot be read does not take the others along', async () => {
  const { asked, gets } = bench();
  asked.bad = 2;
  const outcomes = await Promise.allSettled([1, 2, 3].map((first) => gets.get(Buffer.from([first]))));
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});
