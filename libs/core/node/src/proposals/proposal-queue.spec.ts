import fc from 'fast-check';
import { Fifo } from './fifo.js';
import { ProposalIds } from './proposal-ids.js';
import { ProposalQueue } from './proposal-queue.js';

let draws = 0;
const random = {
  bytes: (length: number) => {
    draws++;
    return Uint8Array.from({ length }, (_, at) => at);
  },
  integer: () => 0,
};

const queueOf = (count: number, bytes = 1000): ProposalQueue =>
  new ProposalQueue({ count, bytes, payloadBytes: 500 }, new ProposalIds(random));

describe('ProposalQueue', () => {
  it('hands out proposals in the order of the calls, cut by entries and bytes', () => {
    const queue = queueOf(10);
    const offered = [100, 200, 300, 50].map((length) => queue.offer(new Uint8Array(length), 'user'));
    expect(queue.take({ entries: 10, bytes: 300 })).toEqual(offered.slice(0, 2));
    expect(queue.take({ entries: 10, bytes: 1 })).toEqual(offered.slice(2, 3));
    expect(queue.take({ entries: 1, bytes: 1000 })).toEqual(offered.slice(3));
    expect(queue.take({ entries: 1, bytes: 1000 })).toEqual([]);
  });

  it('counts a proposal until it is answered', async () => {
    const queue = queueOf(1);
    const proposal = queue.offer(new Uint8Array(10), 'user');
    queue.take({ entries: 1, bytes: 100 });
    expect(() => queue.offer(new Uint8Array(1), 'user')).toThrow(/TOO_MANY_REQUESTS/);
    expect([queue.held, queue.bytes, queue.waiting]).toEqual([1, 10, 0]);
    proposal.settle(7, { kind: 'applied', result: new Uint8Array() });
    proposal.settle(8, { kind: 'applied', result: new Uint8Array() });
    expect([queue.held, queue.bytes]).toEqual([0, 0]);
    expect(await proposal.answer).toMatchObject({ position: 7 });
    queue.offer(new Uint8Array(1), 'user');
  });

  it('draws ids for many proposals at once', () => {
    draws = 0;
    const ids = new ProposalIds(random);
    const drawn = Array.from({ length: 64 }, () => ids.next());
    expect(draws).toBe(1);
    expect(new Set(drawn).size).toBe(32);
    expect(drawn[0]).toBe(0x0001020304050607n);
  });
});

describe('Fifo', () => {
  it('gives back what was pushed, in order, whatever happens in between', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat())), (steps) => {
        const fifo = new Fifo<number>();
        const model: number[] = [];
        for (const step of steps) {
          if (step !== null) model.push(step);
          if (step !== null) fifo.push(step);
          else expect(fifo.shift()).toBe(model.shift());
          expect([fifo.length, fifo.peek()]).toEqual([model.length, model[0]]);
        }
      }),
    );
  });
});
