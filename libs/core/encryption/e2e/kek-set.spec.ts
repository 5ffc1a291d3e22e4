import {
  CaissonError,
  type KekProvider,
  type KeyProgress,
  type Member,
  type RaftTransport,
  type ReplicationEngine,
} from '@caisson/contracts';
import {
  decodeIdentityQuestion,
  encodeIdentityAnswer,
  encodeRegisterWriter,
  fullNodeId,
} from '@caisson/formats';
import { KeyLifecycle, NodeEncryption } from '../src/index.js';
import { KekCanary } from '../src/keys/kek-canary.js';
import { APPLIED, propose } from './entries.js';
import { driven, localKek, readNote, type Running, withUnwrap, World } from './world.js';
import { note } from './mini-engine.js';

const [one, two, three] = [localKek(1), localKek(2), localKek(3)];
let world: World;
let running: Running;
let peer: NodeEncryption;
let configured: readonly KekProvider[];
let closed: number;

beforeEach(async () => {
  world = new World();
  world.keks = [one];
  running = await driven(world);
  peer = await started('n2', [one]);
  configured = [one];
  closed = 0;
});
afterEach(async () => {
  peer.close();
  await running.stop();
});

async function started(name: string, keks: readonly KekProvider[]): Promise<NodeEncryption> {
  const node = new NodeEncryption(new World({ name }).parts({ keks }));
  await node.open();
  return node;
}

const transport: Pick<RaftTransport, 'ask'> = {
  async ask({ name }, question) {
    const { challenge } = decodeIdentityQuestion(question);
    const identity = { name, fullNodeId: fullNodeId(name), clusterId: world.identity.clusterId, format: 1 };
    const capability = await peer.answer(challenge);
    return encodeIdentityAnswer({ ...identity, birth: 'encrypted', groups: [1], capability });
  },
};

function lifecycle(members = ['n1', 'n2'], isConfigured = true): KeyLifecycle {
  const inner = running.engine.asReplicationEngine().group(1);
  const all = members.map((name): Member => ({ name, role: 'voter', address: `${name}:1` }));
  const status = () => ({ ...inner.status(), id: 1, leads: true, members: all });
  const engine = { groups: [1], group: () => ({ ...inner, status }) } as unknown as ReplicationEngine;
  const rewrite = { start: () => [], status: () => [], cancel: async () => undefined };
  const load = async () => ({ keks: configured, close: async () => void closed++ });
  const configuration = isConfigured ? { load } : undefined;
  return new KeyLifecycle({
    node: running.node,
    engine,
    transport,
    rewrite,
    clock: world.clock,
    configuration,
  });
}

async function steps(order: AsyncIterable<KeyProgress>): Promise<readonly string[]> {
  const said: string[] = [];
  for await (const { step, members } of order) said.push(members ? `${step} ${members.join(' ')}` : step);
  return said;
}

const containers = () => running.session.state.current.keys.keys.map(({ container }) => container);
const refOf = async (kek: KekProvider) => (await kek.describe()).keyRef;

test('a KEK is added and another one removed while the node runs, and each alone opens it then', async () => {
  const keys = lifecycle();
  configured = [one, two];
  const reloaded = await keys.reloadKeks({}, {});
  expect(reloaded.keks).toMatchObject([
    { keyRef: await refOf(one), keys: 2, missing: 0 },
    { keyRef: await refOf(two), keys: 0, missing: 2 },
  ]);
  peer.keys.ring.replace([one, two]);
  expect(await steps(keys.rewrap({ everyKek: true }, {}))).toEqual([
    'asking',
    'asking',
    'asking n1 n2',
    'rewrapping',
    'done',
  ]);
  configured = [two];
  await keys.reloadKeks({}, {});
  expect(closed).toBe(1);
  peer.keys.ring.replace([two]);
  await steps(keys.rewrap({ everyKek: true }, {}));
  expect((await keys.keks({})).keks).toMatchObject([{ keyRef: await refOf(two), keys: 2, missing: 0 }]);
  await running.engine.propose(note('a', 'under the new KEK'));
  await keys.stop();
  world.crash();
  world.keks = [two];
  const again = await driven(world);
  expect(await readNote(again, 'a')).toBe('under the new KEK');
  await again.stop();
});

test('a member without the KEK that is added stops the order before anything is wrapped by it', async () => {
  const keys = lifecycle();
  configured = [one, two];
  await keys.reloadKeks({}, {});
  const before = containers();
  await expect(steps(keys.rewrap({ everyKek: true }, {}))).rejects.toMatchObject({
    code: 'CAPABILITY_CHECK_FAILED',
    details: { kek: `file:${await refOf(two)}`, problems: [expect.stringContaining('n2')] },
  });
  expect(containers()).toEqual(before);
});

test('a set that is empty, or does not open every key, is refused and leaves the old one in use', async () => {
  const keys = lifecycle();
  for (const [set, code] of [
    [[], 'KEK_REQUIRED_WITH_FLAG'],
    [[two, three], 'KEK_MISMATCH'],
  ] as const) {
    configured = set;
    await expect(keys.reloadKeks({}, {})).rejects.toMatchObject({ code });
  }
  expect(closed).toBe(2);
  configured = [one, two];
  expect((await keys.reloadKeks({ dryRun: true }, {})).keks).toHaveLength(2);
  expect((await keys.keks({})).keks).toHaveLength(1);
  await expect(lifecycle([], false).reloadKeks({}, {})).rejects.toMatchObject({ code: 'UNIMPLEMENTED' });
});

test('of several KEKs one that is there opens the node, and none at all is refused before anything', async () => {
  configured = [one, two];
  const keys = lifecycle(['n1']);
  await keys.reloadKeks({}, {});
  await steps(keys.rewrap({}, {}));
  const gone = () => Promise.reject(new CaissonError('KEK_NOT_FOUND', { path: '/gone' }));
  const missing: KekProvider = { ...withUnwrap(one, gone), describe: gone, wrap: gone, probe: gone };
  world.crash();
  world.keks = [missing, two];
  const again = await driven(world);
  expect(again.session.isRegistered).toBe(true);
  // What does not last needs no more than the KEK that is there; what lasts needs all of them.
  expect((await again.session.challenge(7n)).length).toBeGreaterThan(0);
  running = again;
  const checks = await lifecycle(['n1']).verify({});
  expect(checks.map(({ result, error }) => error ?? result).sort()).toEqual([
    'KEK_NOT_FOUND',
    'KEK_NOT_FOUND',
    'not-configured',
    'not-configured',
    'opened',
    'opened',
  ]);
  await expect(steps(lifecycle(['n1']).rewrap({}, {}))).rejects.toMatchObject({ code: 'KEK_NOT_FOUND' });
  await again.stop();
  world.keks = [missing];
  await expect(world.start()).rejects.toMatchObject({ code: 'KEK_NOT_FOUND' });
});

test('a KEK that stops to work degrades health between two starts, and is named', async () => {
  let works = true;
  const unsteady = withUnwrap(one, (blob, context) =>
    works ? one.unwrap(blob, context) : Promise.reject(new CaissonError('KEK_DISABLED')),
  );
  running.node.keys.ring.replace([unsteady]);
  const { clock, logger, faults } = world;
  const canary = new KekCanary({
    node: running.node,
    engine: { groups: [1] },
    clock,
    logger,
    faults,
    intervalMs: 1,
  });
  const look = async (until: () => boolean) => {
    for (let turns = 0; turns < 1_000 && !until(); turns++) await clock.turn();
    return world.degraded;
  };
  canary.start();
  await look(() => clock.slept > 5);
  expect(world.degraded).toBeUndefined();
  works = false;
  const said = await look(() => world.degraded !== undefined);
  expect(said).toBe(`file:${await refOf(one)} does not open data keys: KEK_DISABLED`);
  works = true;
  expect(await look(() => world.degraded === undefined)).toBeUndefined();
  canary.stop();
});

test('a member is registered under every key, a second time without an entry, and a stranger not at all', async () => {
  const keys = lifecycle();
  const own = fullNodeId('n2');
  expect(await running.session.unregisteredKeys(own)).toHaveLength(2);
  expect(await steps(keys.registerWriter({ name: 'n2', dryRun: true }, {}))).toContain('registering');
  expect(await running.session.unregisteredKeys(own)).toHaveLength(2);
  expect(await steps(keys.registerWriter({ name: 'n2' }, {}))).toEqual([
    'asking',
    'asking n2',
    'registering',
    'registering',
    'done',
  ]);
  expect(await running.session.unregisteredKeys(own)).toEqual([]);
  const position = running.engine.applied;
  expect(await steps(keys.registerWriter({ name: 'n2' }, {}))).toEqual(['asking', 'asking n2', 'done']);
  expect(running.engine.applied).toBe(position);
  // What it holds is behind the registry: it begins above.
  const keyId = running.session.state.current.keys.activeStorage;
  const ahead = encodeRegisterWriter({ dekId: keyId, fullNodeId: own, epoch: 7 });
  expect(await propose(running, ahead)).toEqual(APPLIED);
  await steps(keys.registerWriter({ name: 'n2' }, {}));
  expect(await running.session.registeredEpoch(own)).toBe(8);
  await expect(steps(keys.registerWriter({ name: 'n9' }, {}))).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  });
});
