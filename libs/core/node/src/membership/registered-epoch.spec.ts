import { encodeEpochQuestion, fullNodeId } from '@caisson/formats';
import { Answering, bookOf, quiet, TurningClock } from '../testdata/membership-bench.js';
import { lastRegisteredEpoch } from './registered-epoch.js';

let transport: Answering;
let clock: TurningClock;
beforeEach(() => {
  transport = new Answering();
  clock = new TurningClock();
});

const inquiry = (...voters: string[]) => ({
  group: 1,
  self: 'n1',
  book: bookOf(voters, ['n9']),
  transport,
  clock,
  logger: quiet,
});

describe('the last registered epoch of a node that starts', () => {
  it('is not asked for where nobody else votes', async () => {
    expect(await lastRegisteredEpoch(inquiry('n1'))).toBeUndefined();
    expect(await lastRegisteredEpoch({ ...inquiry(), transport: undefined })).toBeUndefined();
    expect(transport.asked).toEqual([]);
  });

  it('is the highest that a quorum knows, the node itself counted', async () => {
    await transport.open('n2', 4);
    expect(await lastRegisteredEpoch(inquiry('n1', 'n2', 'n3'))).toBe(4);
    await transport.open('n3', 6);
    await transport.open('n4', undefined);
    expect(await lastRegisteredEpoch(inquiry('n1', 'n2', 'n3', 'n4', 'n5'))).toBe(6);
  });

  it('is waited for until enough members answer', async () => {
    clock.onSleep = () => {
      if (clock.slept === 3) void transport.open('n2', undefined);
    };
    expect(await lastRegisteredEpoch(inquiry('n1', 'n2', 'n3'))).toBeUndefined();
    expect(clock.slept).toBeGreaterThanOrEqual(3);
  });

  it('is not counted twice, and a learner counts voters only', async () => {
    await transport.open('n2', 4);
    const stop = new AbortController();
    clock.onSleep = () => {
      if (clock.slept === 5) stop.abort(new Error('enough'));
    };
    const asLearner = { ...inquiry('n2', 'n3', 'n4'), self: 'n9' };
    await expect(lastRegisteredEpoch(asLearner, stop.signal)).rejects.toThrow('enough');
    expect(transport.asked.filter((name) => name === 'n2')).toHaveLength(1);
  });

  it('cannot be had without a transport', async () => {
    await expect(lastRegisteredEpoch({ ...inquiry('n1', 'n2'), transport: undefined })).rejects.toMatchObject(
      { code: 'PLAN_INVALID' },
    );
  });
});

test('a group that is not open here answers for nobody', async () => {
  transport.add('n2');
  const question = encodeEpochQuestion({ group: 1, fullNodeId: fullNodeId('n1') });
  const peer = { name: 'n2', address: 'n2:7000' };
  await expect(transport.ask(peer, question, new AbortController().signal)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  });
});
