import { Bench } from './testdata/bench.js';
import { TOY } from './testdata/toy.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('the log is dropped through an entry that is applied, and the node goes on', async () => {
  const bench = await new Bench().started();
  for (let value = 1; value <= 6; value++) await bench.propose(TOY.chain, value);
  const order = { id: 1n, through: 5 };
  while (bench.engine.scrub(1, order).stage !== 'done') await turn();
  expect(bench.world.start.index).toBe(5);
  const { position } = await bench.propose(TOY.chain, 7);
  expect(position).toBe(8);
});

test('an order for an entry that is not there yet waits, and does not outlive the node', async () => {
  const bench = await new Bench().started();
  const order = { id: 1n, through: 50 };
  expect(bench.engine.scrub(1, order)).toEqual({ stage: 'waiting' });
  await turn();
  expect(bench.engine.scrub(1, order)).toEqual({ stage: 'waiting' });
  await bench.engine.stop();
  expect(bench.world.start.index).toBe(0);
});
