/** What an attacker with the disk may do to one value. Each is the same error, and none is "not found". */
import { ERRORS } from '@caisson/contracts';
import { join } from 'node:path';
import RocksDb from 'rocksdb';
import { Playground } from '../src/index.js';

const VERSIONS_TABLE = 0x02;
const HEADER_BYTES = 9;

interface Row {
  readonly key: Buffer;
  readonly value: Buffer;
}

let playground: Playground;
afterEach(() => playground.remove());

/** Opens the store of a stopped node with the bare binding and changes what lies in it. */
async function tamper(change: (rows: readonly Row[]) => readonly Row[]): Promise<void> {
  const database = new RocksDb(join(playground.dataDir, 'groups', '1', 'store', 'db'));
  const settle = (start: (done: (error?: Error | null) => void) => void) =>
    new Promise<void>((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
  await settle((done) => database.open({}, done));
  const rows: Row[] = [];
  const iterator = database.iterator();
  iterator.seek(Buffer.from([VERSIONS_TABLE]));
  for (;;) {
    const row = await new Promise<Row | undefined>((resolve, reject) =>
      iterator.next((error, key, value) => (error ? reject(error) : resolve(key && { key, value: value! }))),
    );
    if (!row || row.key[0] !== VERSIONS_TABLE) break;
    rows.push(row);
  }
  await settle((done) => iterator.end(done));
  const batch = database.batch();
  for (const { key, value } of change(rows)) batch.put(key, value);
  await settle((done) => batch.write({ sync: true }, done));
  await settle((done) => database.close(done));
}

async function afterTampering(change: (rows: readonly Row[]) => readonly Row[]) {
  playground = await Playground.create();
  const first = await playground.start();
  await playground.cli(first, 'put', 'a', 'the value of a');
  await playground.cli(first, 'put', 'b', 'the value of b');
  expect(await first.end('SIGTERM')).toBe(0);
  await tamper(change);
  return playground.start();
}

const flipped = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 1;
  return copy;
};

test.each<[string, (rows: readonly Row[]) => readonly Row[]]>([
  [
    'a flipped bit in a stored value',
    ([a]) => [{ key: a!.key, value: flipped(a!.value, a!.value.length - 20) }],
  ],
  ['a flipped bit in its tag', ([a]) => [{ key: a!.key, value: flipped(a!.value, a!.value.length - 1) }]],
  ['a value moved to another key', ([a, b]) => [{ key: a!.key, value: b!.value }]],
  ['an edited expiry', ([a]) => [{ key: a!.key, value: flipped(a!.value, 1) }]],
  ['an edited key id', ([a]) => [{ key: a!.key, value: flipped(a!.value, HEADER_BYTES + 5) }]],
  [
    'a forged clear value',
    ([a]) => [{ key: a!.key, value: Buffer.concat([Buffer.alloc(9), Buffer.from('forged')]) }],
  ],
  ['a truncated value', ([a]) => [{ key: a!.key, value: a!.value.subarray(0, 20) }]],
])('%s is an integrity failure for every kind of read, and the neighbour reads on', async (_name, change) => {
  const node = await afterTampering(change);
  const codes = ['ENCRYPTED_READ_INTEGRITY', 'UNKNOWN_KEY_ID'];
  for (const args of [
    ['get', 'a'],
    ['scan'],
    ['scan', '--keys-only'],
    ['del', '--prefix', 'a'],
    ['cas', 'a', 'x', '--expect', 'y'],
  ]) {
    const { exitCode, stderr, stdout } = await playground.cli(node, ...args, '--timeout', '3000');
    if (args[0] === 'del' || args[0] === 'cas') {
      // Apply met the value: the node stops rather than decide on what it cannot read.
      expect(exitCode).not.toBe(0);
      expect(await node.exited()).not.toBe(0);
      expect(node.log).toMatch(new RegExp(codes.join('|')));
      break;
    }
    expect([args, exitCode]).toEqual([args, ERRORS.ENCRYPTED_READ_INTEGRITY.exit]);
    expect(stderr).toMatch(new RegExp(codes.join('|')));
    expect(stdout).not.toContain('forged');
  }
});

test('the neighbour of a damaged value is read as before', async () => {
  const node = await afterTampering(([a]) => [
    { key: a!.key, value: flipped(a!.value, a!.value.length - 20) },
  ]);
  expect((await playground.cli(node, 'get', 'b')).stdout).toBe('the value of b');
});
