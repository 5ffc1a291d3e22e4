/** What an attacker with the disk may do to one value. Each is the same error, and none is "not found". */
import { ERRORS } from '@caisson/contracts';
import { Playground } from '../src/index.js';
import { flipped, tamper, type Tampering } from './tampering.js';

const HEADER_BYTES = 9;

let playground: Playground;
afterEach(() => playground.remove());

async function afterTampering(change: Tampering) {
  playground = await Playground.create();
  const first = await playground.start();
  await playground.cli(first, 'put', 'a', 'the value of a');
  await playground.cli(first, 'put', 'b', 'the value of b');
  expect(await first.end('SIGTERM')).toBe(0);
  await tamper(playground.dataDir, change);
  return playground.start();
}

test.each<[string, Tampering]>([
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
