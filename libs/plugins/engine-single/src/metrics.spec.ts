import type { Meter } from '@caisson/contracts';
import { Bench } from './testdata/bench.js';
import { TOY } from './testdata/toy.js';

test('the gauge of proposals without an answer shows what waits, and nothing once all is answered', async () => {
  const seen: number[] = [];
  const meter: Meter = {
    counter: () => ({ add: () => undefined }),
    gauge: ({ name }) => ({ set: (value) => void (name === 'proposal_queue_bytes' && seen.push(value)) }),
    histogram: () => ({ record: () => undefined }),
  };
  const bench = await new Bench({ meter }).started();
  await Promise.all(Array.from({ length: 5 }, () => bench.propose(TOY.chain, 1)));
  expect(seen).toContain(10);
  expect(seen.at(-1)).toBe(0);
  await bench.engine.stop();
});
