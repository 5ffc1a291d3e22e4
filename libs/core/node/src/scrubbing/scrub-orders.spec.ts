import { createDeferred } from '@caisson/base';
import { CaissonError, type ScrubOrder } from '@caisson/contracts';
import { ScrubOrders } from './scrub-orders.js';

const orderOf = (id: bigint): ScrubOrder => ({ id, through: 5 });
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('an order is carried out once, however often it is asked about, and says how far it is', async () => {
  const finish = createDeferred<void>();
  const begun: bigint[] = [];
  const orders = new ScrubOrders(async ({ id }, onStage) => {
    begun.push(id);
    onStage('log');
    onStage('store');
    await finish.promise;
  });
  expect(orders.stateOf(orderOf(1n))).toEqual({ stage: 'waiting' });
  await settled();
  expect(orders.stateOf(orderOf(1n))).toEqual({ stage: 'store' });
  expect(orders.stateOf(orderOf(2n))).toEqual({ stage: 'waiting' });
  finish.resolve();
  await settled();
  expect(orders.stateOf(orderOf(1n))).toEqual({ stage: 'done' });
  expect(orders.stateOf(orderOf(2n))).toEqual({ stage: 'done' });
  expect(begun).toEqual([1n, 2n]);
});

test('a failure is told once; given again, the order is carried out again', async () => {
  let fails = true;
  const orders = new ScrubOrders(async () => {
    if (fails) throw new CaissonError('DISK_FULL');
  });
  orders.stateOf(orderOf(1n));
  await settled();
  expect(orders.stateOf(orderOf(1n))).toMatchObject({ stage: 'failed', error: { code: 'DISK_FULL' } });
  fails = false;
  expect(orders.stateOf(orderOf(1n))).toEqual({ stage: 'waiting' });
  await settled();
  expect(orders.stateOf(orderOf(1n))).toEqual({ stage: 'done' });
});

test('a stop leaves what is under way and begins nothing else', async () => {
  const begun: bigint[] = [];
  const orders = new ScrubOrders(async ({ id }, _, signal) => {
    begun.push(id);
    await new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
  });
  orders.stateOf(orderOf(1n));
  orders.stateOf(orderOf(2n));
  await settled();
  await orders.stop();
  expect(orders.stateOf(orderOf(1n))).toMatchObject({ stage: 'failed', error: { code: 'DRAINING' } });
  expect(orders.stateOf(orderOf(2n))).toMatchObject({ stage: 'failed', error: { code: 'DRAINING' } });
  expect(begun).toEqual([1n]);
});

test('only so many orders are remembered', async () => {
  let count = 0;
  const orders = new ScrubOrders(async () => void count++);
  for (let id = 1n; id <= 40n; id++) orders.stateOf(orderOf(id));
  await settled();
  expect(orders.stateOf(orderOf(40n))).toEqual({ stage: 'done' });
  expect(count).toBe(40);
  expect(orders.stateOf(orderOf(1n))).toEqual({ stage: 'waiting' });
});
