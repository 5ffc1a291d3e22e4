import { type ChainReport, compareChains, parseHead, readChain } from './audit-chains.js';

const hash = (byte: number) => new Uint8Array(32).fill(byte);
const report = (name: string, ...bytes: number[]): ChainReport => ({
  name,
  count: bytes.length,
  hash: hash(bytes.at(-1) ?? 0),
  hashes: bytes.map(hash),
});
const brokenAt = (reports: readonly ChainReport[]) => reports.map(({ broken }) => broken?.number);

test('members may lag behind, as far as they reach they have the same lines', () => {
  expect(brokenAt(compareChains([report('n1', 1, 2, 3), report('n2', 1, 2), report('n3')]))).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  const forged = compareChains([report('n1', 1, 2, 3), report('n2', 1, 9), report('n3', 1, 2, 3)]);
  expect(brokenAt(forged)).toEqual([undefined, 2, undefined]);
  expect(forged[1]!.broken!.problem).toContain('n1');
});

test('a member that is broken already is no measure for the others', () => {
  const broken = { ...report('n1', 7, 8, 9, 9), broken: { number: 5, problem: 'is missing' } };
  expect(brokenAt(compareChains([broken, report('n2', 1, 2)]))).toEqual([5, undefined]);
});

test('a noted head is a number and a hash', () => {
  expect(parseHead(`41:${'9d'.repeat(32)}`)).toEqual({ count: 41, hash: hash(0x9d) });
  for (const text of ['', '41', '41:9d', `x:${'9d'.repeat(32)}`])
    expect(() => parseHead(text)).toThrow('INVALID_ARGUMENT');
});

test('a record without lines is whole, and one that nobody can ask for says so', async () => {
  const none = async function* () {
    yield { rows: [], head: new Uint8Array(0) };
  };
  expect(await readChain('n1', none(), undefined)).toMatchObject({ count: 0 });
  expect((await readChain('n1', undefined, undefined)).error!.code).toBe('UNAVAILABLE');
  const rows = async function* () {
    yield { rows: [{ number: 1, row: Uint8Array.of(9) }], head: Uint8Array.of(1) };
  };
  expect((await readChain('n1', rows(), undefined)).broken).toEqual({ number: 1, problem: 'cannot be read' });
});
