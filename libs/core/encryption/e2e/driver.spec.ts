import { CaissonError, type ErrorCode, type ReplicationEngine } from '@caisson/contracts';
import { decodeBootstrap } from '@caisson/formats';
import { bootstrapPayload, KeyDriver } from '../src/index.js';
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
    status: () => ({ leads: leads(), applied: running.engine.applied }),
    propose: async (payload: Uint8Array) => {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      const outcome = await running.engine.propose(payload, 'system');
      return { position: running.engine.applied, outcome };
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

test('a node registers its epoch through whoever leads', async () => {
  await driverOver([]).start();
  await running.stop();
  running = await world.start();
  expect(running.session.isRegistered).toBe(false);
  await driverOver(errors('UNAVAILABLE', 'PEER_REFUSED'), () => false).start();
  while (!running.session.isRegistered) await world.clock.turn();
  expect(running.session.admission('user')).toBeUndefined();
});

test('a refusal of a running epoch ends the node, also when somebody else proposed it', async () => {
  await driverOver([]).start();
  const [dekId] = running.node.keys.keystore.ids;
  running.node.keys.seals.stop(new CaissonError('LOCAL_EPOCH_ROLLBACK', { keyId: dekId! }));
  running.session.state.current = { ...running.session.state.current, ownEpochs: new Map() };
  const driver = driverOver(errors('LOCAL_EPOCH_ROLLBACK'), () => false);
  await driver.start();
  while (world.fatal === undefined) await world.clock.turn();
  expect(world.fatal).toMatchObject({ code: 'LOCAL_EPOCH_ROLLBACK' });
});

describe('a node that joined', () => {
  beforeEach(async () => {
    await running.stop();
    world = new World({ joined: true });
    running = await world.start();
  });

  test('makes no keys, whether it leads or not', async () => {
    await driverOver([]).start();
    expect(world.log).toHaveLength(1);
    expect(running.session.admission('user')).toMatchObject({ code: 'ENCRYPTION_NOT_BOOTSTRAPPED' });
  });

  test('registers once others have made keys, without being started again', async () => {
    const driver = driverOver([], () => false);
    await driver.start();
    const payload = await bootstrapPayload(running.node, running.session);
    const { storage, raft } = decodeBootstrap(payload);
    const floors = [storage.keyId, raft.keyId].sort((a, b) => a - b).map((keyId) => ({ keyId, epoch: 5 }));
    await running.node.keys.floors.raise(floors);
    await running.engine.propose(payload, 'system');
    expect(running.session.isRegistered).toBe(false);
    while (!running.session.isRegistered) await world.clock.turn();
    expect(running.node.keys.seals.epochOf(storage.keyId)).toBe(5);
    driver.stop();
  });
});

test('an idle group is looked at when its keys change, and not before', async () => {
  const driver = driverOver([]);
  await driver.start();
  const { slept } = world.clock;
  const entries = world.log.length;
  for (let turn = 0; turn < 20; turn++) await world.clock.turn();
  expect(world.clock.slept).toBe(slept);
  expect(world.log).toHaveLength(entries);
  driver.stop();
});
