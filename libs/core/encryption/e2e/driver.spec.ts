import { CaissonError, type ErrorCode, type ReplicationEngine } from '@caisson/contracts';
import { KeyDriver } from '../src/index.js';
import { random, type Running, World } from './world.js';

let world: World;
let running: Running;

beforeEach(async () => {
  world = new World();
  running = await world.start();
});

/** A driver whose engine fails with these errors before it lets proposals through. */
function driverOver(failures: CaissonError[], leads = () => true): KeyDriver {
  const group = {
    id: 1,
    status: () => ({ leads: leads() }),
    propose: async (payload: Uint8Array) => {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      return { position: 0, outcome: await running.engine.propose(payload, 'system') };
    },
  };
  const engine = { groups: [1], group: () => group } as unknown as ReplicationEngine;
  const { clock, logger, faults } = world;
  return new KeyDriver({ node: running.node, engine, clock, random, logger, faults });
}

const errors = (...codes: ErrorCode[]) => codes.map((code) => new CaissonError(code));

test('conditions that pass are waited for, and health is degraded once they last', async () => {
  const passing = errors(
    'NOT_LEADER',
    'TOO_MANY_REQUESTS',
    'STATE_STALE',
    'UNKNOWN_OUTCOME',
    'ENCRYPTION_ALREADY_BOOTSTRAPPED',
  );
  const pauses = passing.length;
  await driverOver(passing).start();
  expect(world.clock.slept).toBe(pauses);
  expect(running.session.isEncrypted).toBe(true);
  expect(world.lines).toContainEqual(['warn', 'a key entry is not applied yet']);
  expect(world.degraded).toBeUndefined();
});

test.each(['APPLY_HALTED', 'DRAINING', 'NODE_ID_COLLISION', 'KEK_DENIED'] as const)(
  '%s ends the start at once',
  async (code) => {
    await expect(driverOver(errors(code)).start()).rejects.toMatchObject({ code });
    expect(world.clock.slept).toBe(0);
  },
);

test('a group led elsewhere does not hold up the start, and is finished once this node leads', async () => {
  let isLeading = false;
  await driverOver([], () => isLeading).start();
  expect(running.session.isEncrypted).toBe(false);
  isLeading = true;
  while (!running.session.isEncrypted) await world.clock.turn();
  expect(running.session.isRegistered).toBe(true);
});

test('in the background a failure that does not pass is fatal, and a stop is not', async () => {
  let isLeading = false;
  const driver = driverOver(errors('KEK_DENIED'), () => isLeading);
  await driver.start();
  isLeading = true;
  while (world.fatal === undefined) await world.clock.turn();
  expect(world.fatal).toMatchObject({ code: 'KEK_DENIED' });
  world.fatal = undefined;
  const stopped = driverOver([], () => false);
  await stopped.start();
  stopped.stop();
  for (let turn = 0; turn < 5; turn++) await world.clock.turn();
  expect(world.fatal).toBeUndefined();
});

test('an aborted start rejects and proposes nothing more', async () => {
  const controller = new AbortController();
  controller.abort(new CaissonError('CANCELLED'));
  await expect(driverOver([]).start(controller.signal)).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(world.log).toHaveLength(1);
});
