import { CaissonError, type CallContext, type ReplicationEngine, type RotateOrder } from '@caisson/contracts';
import { encodeUsageReport, fullNodeId } from '@caisson/formats';
import { KeyLifecycle, rotationPayload, StandingRotations, UsageReports } from '../src/index.js';
import { activeKeyUse } from '../src/usage/budget.js';
import { APPLIED, CONSUMED, propose } from './entries.js';
import { note } from './mini-engine.js';
import { driven, random, type Running, World } from './world.js';

const OWN = fullNodeId('n1');
/** One claim is 16 blocks, 256 bytes. */
const LIMITS = { salt: 2048, soft: 256 * 1024, hard: 512 * 1024 };
let world: World;
const ends: (() => unknown)[] = [];

beforeEach(() => {
  world = new World();
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const config = (changes: object = {}) => ({
  config: { enabled: true, envelopeVersion: 2, usage: LIMITS, ...changes },
});

async function running(changes: object = {}): Promise<Running> {
  const started = await driven(world, config(changes));
  ends.push(() => started.stop());
  return started;
}

/** A one-node cluster, as the services of a node see it. */
function engineOf({ engine }: Running, leads = () => true): ReplicationEngine {
  const inner = engine.asReplicationEngine().group(1);
  const members = [{ name: 'n1', role: 'voter' as const }];
  const status = () => ({ ...inner.status(), id: 1, leads: leads(), members });
  return { groups: [1], group: () => ({ ...inner, status }) } as unknown as ReplicationEngine;
}

function reporting(node: Running): UsageReports {
  const { clock, logger, faults } = world;
  const reports = new UsageReports({
    node: node.node,
    engine: engineOf(node),
    clock,
    random,
    logger,
    faults,
  });
  reports.start();
  ends.push(() => reports.stop());
  return reports;
}

class Orders {
  readonly seen: RotateOrder[] = [];
  failure: CaissonError | undefined;
  readonly #inner: KeyLifecycle;

  constructor(node: Running) {
    const { clock } = world;
    const rewrite = { start: () => [], status: () => [], cancel: async () => undefined };
    this.#inner = new KeyLifecycle({ node: node.node, engine: engineOf(node), rewrite, clock });
  }

  async *rotate(order: RotateOrder, context: CallContext) {
    this.seen.push(order);
    if (this.failure !== undefined) throw this.failure;
    yield* this.#inner.rotate(order, context);
  }
}

function rotating(node: Running, leads = () => true, failure?: CaissonError): Orders {
  const { clock, logger, faults } = world;
  const lifecycle = new Orders(node);
  lifecycle.failure = failure;
  const engine = engineOf(node, leads);
  const rotations = new StandingRotations({
    node: node.node,
    engine,
    lifecycle,
    clock,
    random,
    logger,
    faults,
  });
  rotations.start();
  ends.push(() => rotations.stop());
  return lifecycle;
}

const use = ({ session }: Running) => activeKeyUse(session.state.current);
const usedOf = (node: Running, purpose: 'storage' | 'raft') =>
  use(node).find((key) => key.purpose === purpose)!.bytes;
const active = ({ session }: Running) => session.state.current.keys.activeStorage;

async function until(condition: () => boolean): Promise<void> {
  for (let turns = 0; !condition(); turns++) {
    if (turns > 5_000) throw new RangeError('it did not come to that');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function write(node: Running, bytes: number, key = 'k'): Promise<void> {
  await node.engine.propose(note(key, 'x'.repeat(bytes)));
}

/** A claim of another member. */
const claimOf = (name: string, dekId: number, bytes: number) =>
  encodeUsageReport({
    fullNodeId: fullNodeId(name),
    keys: [{ dekId, messages: 1, blocks: Math.ceil(bytes / 16) }],
  });

test('what is sealed is claimed in the store, ahead of its use, and counted on after a restart', async () => {
  const first = await running();
  reporting(first);
  await write(first, 10_000);
  await until(() => usedOf(first, 'storage') > 10_000 && usedOf(first, 'raft') > 10_000);
  const [storage] = use(first);
  expect(storage!.bytes).toBeLessThan(11_000);
  expect(first.node.keys.seals.usage.unclaimed).toEqual([]);
  const keyId = active(first);
  const { messages } = first.session.state.current.usage.of(keyId, OWN);
  expect(messages).toBeGreaterThan(1);
  world.crash();

  const second = await running();
  reporting(second);
  expect(usedOf(second, 'storage')).toBeGreaterThanOrEqual(storage!.bytes);
  await write(second, 10_000);
  await until(() => usedOf(second, 'storage') > 20_000);
  expect(second.session.state.current.usage.of(keyId, OWN).messages).toBeGreaterThan(messages);
});

test('claims of all nodes are summed, never fall, and are not refused whatever they come to', async () => {
  const node = await running();
  const keyId = active(node);
  expect(await propose(node, claimOf('n2', keyId, 3_200))).toEqual(APPLIED);
  expect(await propose(node, claimOf('n3', keyId, 1_600))).toEqual(APPLIED);
  expect(await propose(node, claimOf('n3', keyId, 160))).toEqual(CONSUMED);
  expect(await propose(node, claimOf('n3', 12345, 160))).toEqual(CONSUMED);
  expect(usedOf(node, 'storage')).toBe(4_800);
  expect(await propose(node, claimOf('n3', keyId, 2 ** 50))).toEqual(APPLIED);
  const before = node.session.state.current.usage;
  world.crash();
  const again = await running();
  expect(again.session.state.current.usage.total(keyId)).toEqual(before.total(keyId));
});

test('at the hard limit users are refused with the way out, and the rotation that frees them passes', async () => {
  const node = await running();
  await propose(node, claimOf('n2', active(node), LIMITS.hard));
  const refusal = node.session.admission('user');
  expect(refusal).toMatchObject({ code: 'KEY_USAGE_EXHAUSTED', details: { purpose: 'storage' } });
  expect(refusal!.entry.wayOut).toContain('caisson encryption rotate-dek');
  expect(node.session.admission('system')).toBeUndefined();
  await expect(write(node, 1)).rejects.toMatchObject({ code: refusal!.code });
  await propose(node, await rotationPayload(node.node, node.session, { purpose: 'storage' }));
  await node.drive();
  expect(node.session.admission('user')).toBeUndefined();
});

test('at the soft limit the leader rotates by itself, once for each key, and users notice nothing', async () => {
  const node = await running();
  reporting(node);
  const orders = rotating(node);
  const used = active(node);
  for (let at = 0; active(node) === used && at < 100; at++) {
    await write(node, 20_000, `k${at}`);
    await world.clock.turn();
    await node.drive();
  }
  await until(() => use(node).every(({ bytes }) => bytes < LIMITS.soft));
  const names = orders.seen.map(({ purpose, from }) => `${purpose} ${from}`);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toContain(`storage ${used}`);
});

test('a leader that takes over in the middle goes on, and one that does not lead leaves it alone', async () => {
  const node = await running();
  let leads = false;
  const orders = rotating(node, () => leads);
  const used = active(node);
  await propose(node, claimOf('n2', used, LIMITS.soft));
  await world.clock.sleep(1);
  expect(orders.seen).toEqual([]);
  leads = true;
  await until(() => active(node) !== used);
  expect(orders.seen).toEqual([{ purpose: 'storage', from: [used] }]);
});

test('a rotation that members stand in the way of degrades health, and is repeated until it succeeds', async () => {
  const node = await running();
  const orders = rotating(node);
  orders.failure = new CaissonError('CAPABILITY_CHECK_FAILED');
  const used = active(node);
  await propose(node, claimOf('n2', used, LIMITS.soft));
  await until(() => world.degraded !== undefined);
  expect(world.degraded).toContain('CAPABILITY_CHECK_FAILED');
  expect(node.session.admission('user')).toBeUndefined();
  orders.failure = undefined;
  await until(() => active(node) !== used && world.degraded === undefined);
});

test('a requested rotation is fulfilled before users are served, and not again after a restart', async () => {
  const first = await running();
  const { activeStorage, activeRaft } = first.session.state.current.keys;
  const request = { rotateOnStartup: { purpose: 'both', from: [activeStorage, activeRaft] } };
  world.crash();
  const second = await running(request);
  const orders = rotating(second);
  expect(second.session.admission('user')).toMatchObject({ code: 'KEY_ROTATION_PENDING' });
  await until(() => active(second) !== activeStorage);
  await until(() => second.session.state.current.keys.activeRaft !== activeRaft);
  await second.drive();
  await until(() => second.session.admission('user') === undefined);
  expect(orders.seen.map(({ purpose }) => purpose).sort()).toEqual(['raft', 'storage']);
  const rotated = active(second);
  world.crash();
  const third = await running(request);
  const none = rotating(third);
  expect(third.session.admission('user')).toBeUndefined();
  await world.clock.sleep(1);
  expect([none.seen, active(third)]).toEqual([[], rotated]);
});

test('a requested rotation that cannot be had keeps users out for one attempt only', async () => {
  const first = await running();
  const from = [active(first)];
  world.crash();
  const second = await running({ rotateOnStartup: { purpose: 'storage', from } });
  rotating(second, () => true, new CaissonError('CAPABILITY_CHECK_FAILED'));
  await until(() => second.session.admission('user') === undefined);
  expect(active(second)).toBe(from[0]);
});
