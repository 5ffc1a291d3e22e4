import { describe, expect, test } from '@jest/globals';
import { createMessage } from '../message/message.js';
import { ReadQueue } from './read-queue.js';

const QUORUM = { incoming: [1, 2, 3], outgoing: [] };
const read = (index: number): { request: ReturnType<typeof createMessage>; index: number } => ({
  request: createMessage({ type: 'MsgReadIndex' }),
  index,
});
const indexes = (queue: ReadQueue, quorum = QUORUM): number[] =>
  queue.takeConfirmed(quorum).map(({ index }) => index);

describe('the queue of reads', () => {
  test('asks for nothing while nothing waits, and else for a counter of its own', () => {
    const queue = new ReadQueue();
    expect([queue.isWaiting, queue.heartbeatContext().length]).toEqual([false, 0]);
    queue.add(read(5), 1);
    queue.add(read(6), 1);
    expect([queue.isWaiting, [...queue.heartbeatContext()]]).toEqual([true, [2, 0, 0, 0, 0, 0, 0, 0]]);
  });

  test('answers everything a quorum has confirmed, oldest first, and no more', () => {
    const queue = new ReadQueue();
    queue.add(read(5), 1);
    const first = queue.heartbeatContext();
    queue.add(read(6), 1);
    expect(indexes(queue)).toEqual([]);
    queue.acknowledge(2, first);
    expect([indexes(queue), queue.isWaiting]).toEqual([[5], true]);
    queue.acknowledge(3, queue.heartbeatContext());
    expect([indexes(queue), queue.isWaiting]).toEqual([[6], false]);
  });

  test('counts on after reads were answered', () => {
    const queue = new ReadQueue();
    queue.add(read(5), 1);
    const old = queue.heartbeatContext();
    queue.acknowledge(2, old);
    expect(indexes(queue)).toEqual([5]);
    queue.add(read(6), 1);
    expect(queue.heartbeatContext()[0]).toBe(2);
    queue.acknowledge(2, old);
    queue.acknowledge(3, old);
    expect(indexes(queue)).toEqual([]);
  });

  test('is not set back by an old echo after a newer one', () => {
    const queue = new ReadQueue();
    queue.add(read(5), 1);
    const old = queue.heartbeatContext();
    queue.add(read(6), 1);
    queue.acknowledge(2, queue.heartbeatContext());
    queue.acknowledge(2, old);
    expect(indexes(queue)).toEqual([5, 6]);
  });

  test('takes no notice of echoes it cannot have caused', () => {
    const queue = new ReadQueue();
    queue.add(read(5), 1);
    queue.acknowledge(2, Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0));
    queue.acknowledge(2, Uint8Array.of(1));
    queue.acknowledge(2, new Uint8Array(0));
    expect(indexes(queue)).toEqual([]);
  });

  test('needs both halves of a joint quorum, and nobody else where one is enough', () => {
    const joint = { incoming: [1, 2, 3], outgoing: [1, 4] as number[] };
    const queue = new ReadQueue();
    queue.add(read(5), 1);
    queue.acknowledge(2, queue.heartbeatContext());
    expect(indexes(queue, joint as never)).toEqual([]);
    queue.acknowledge(4, queue.heartbeatContext());
    expect(indexes(queue, joint as never)).toEqual([5]);
    const alone = new ReadQueue();
    alone.add(read(7), 1);
    expect(indexes(alone, { incoming: [1], outgoing: [] })).toEqual([7]);
  });

  test('carries counters beyond 32 bits', () => {
    const queue = new ReadQueue();
    for (let count = 0; count < 300; count++) queue.add(read(count), 1);
    expect([...queue.heartbeatContext()].slice(0, 3)).toEqual([44, 1, 0]);
    queue.acknowledge(2, queue.heartbeatContext());
    expect(indexes(queue).length).toBe(300);
  });
});
