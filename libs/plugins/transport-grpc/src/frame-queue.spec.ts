import fc from 'fast-check';
import { raftFrameBytes, type RaftFrame } from '@caisson/formats';
import { FrameQueue } from './frame-queue.js';

const frameOf = (group: number, length: number): RaftFrame => ({ group, frame: new Uint8Array(length) });

test('what is taken comes out in order, whole and within the size asked for', () => {
  const pushes = fc.array(fc.nat(300), { maxLength: 60 });
  fc.assert(
    fc.property(pushes, fc.integer({ min: 1, max: 500 }), (lengths, bytesMax) => {
      const queue = new FrameQueue({ queueFramesMax: 1000, queueBytesMax: 1_000_000 });
      const taken: number[] = [];
      lengths.forEach((length, at) => {
        queue.push(frameOf(at, length));
        if (at % 3 === 2) taken.push(...takeFrom(queue, bytesMax));
      });
      while (queue.length > 0) taken.push(...takeFrom(queue, bytesMax));
      expect(taken).toEqual(lengths.map((_, at) => at));
      expect(queue.bytes).toBe(0);
    }),
  );
});

function takeFrom(queue: FrameQueue, bytesMax: number): readonly number[] {
  const batch = queue.take(bytesMax);
  const bytes = batch.reduce((sum, { frame }) => sum + raftFrameBytes(frame), 0);
  expect(batch.length === 1 || bytes <= bytesMax).toBe(true);
  return batch.map(({ group }) => group);
}

test('a queue is full by frames or by bytes', () => {
  const byFrames = new FrameQueue({ queueFramesMax: 2, queueBytesMax: 1_000_000 });
  expect([1, 2, 3].map((at) => byFrames.push(frameOf(at, 1)))).toEqual([true, true, false]);
  const byBytes = new FrameQueue({ queueFramesMax: 100, queueBytesMax: 250 });
  expect([1, 2, 3].map((at) => byBytes.push(frameOf(at, 100)))).toEqual([true, true, false]);
  byBytes.take(1);
  expect(byBytes.push(frameOf(4, 100))).toBe(true);
});

test('an empty queue takes a frame of any size, so that the largest moves at all', () => {
  const queue = new FrameQueue({ queueFramesMax: 100, queueBytesMax: 10 });
  expect(queue.push(frameOf(1, 5000))).toBe(true);
  expect(queue.push(frameOf(2, 0))).toBe(false);
  expect(queue.clear()).toBe(1);
  expect([queue.length, queue.bytes]).toEqual([0, 0]);
});
