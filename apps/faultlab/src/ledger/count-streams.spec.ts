import { encodeNonce } from '@caisson/formats';
import { CountStreams } from './count-streams.js';

const nonce = (epoch: number, count: bigint) => encodeNonce({ nodeId16: 7, epoch, count });

test('under one key and epoch a count rises, and nothing else is asked of it', () => {
  const streams = new CountStreams();
  const counts = [1n, 2n, 9n, 1n << 40n].map((count) => streams.note('a', nonce(1, count)));
  expect(counts).toEqual([undefined, undefined, undefined, undefined]);
  expect(streams.note('a', nonce(2, 1n))).toBeUndefined();
  expect(streams.note('b', nonce(1, 1n))).toBeUndefined();
  expect(streams.note('a', nonce(1, 1n << 40n))).toContain('after');
  expect(streams.note('a', nonce(2, 0n))).toContain('after 1');
});
