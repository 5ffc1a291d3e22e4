/**
 * The order is: sidecar durably, then one synced batch. Every entry about keys is tried with a loss of power
 * before and after each step of it, and with every combination of older and newer sidecar, store and log that
 * lost writes or a restored file could leave.
 */
import type { KeyPurpose, KeyState } from '@caisson/formats';
import type { Pair } from '@caisson/contracts';
import {
  bootstrapPayload,
  enablingPayload,
  registrationPayload,
  retirementPayload,
  rewrapPayload,
  rotationPayload,
} from '../src/index.js';
import { APPLIED, propose } from './entries.js';
import { note } from './mini-engine.js';
import { driven, readNote, type Running, World } from './world.js';

const SIDECAR = '/data/encryption/keys.json';
const STORE = '/data/1/store';
const EVERYTHING = { pairs: 100_000, bytes: 1e9 };

/** An entry, and what a node has behind it before the entry comes. */
interface Kind {
  readonly birth?: 'clear';
  readonly prepare?: (running: Running) => Promise<unknown>;
  readonly payload: (running: Running) => Promise<Uint8Array> | Uint8Array;
}

const keysOf = ({ session }: Running): KeyState => session.state.current.keys;
const bootstrap = ({ node, session }: Running) => bootstrapPayload(node, session);
const enable = (purpose: KeyPurpose) => (running: Running) =>
  enablingPayload(running.node, running.session, purpose);
const rotate = (purpose: KeyPurpose) => (running: Running) =>
  rotationPayload(running.node, running.session, { purpose });

async function applied(running: Running, payload: Uint8Array | Promise<Uint8Array>): Promise<void> {
  expect(await propose(running, await payload)).toEqual(APPLIED);
}

/** A storage key that is not in use any more. */
const leaveOne = async (running: Running) => applied(running, rotate('storage')(running));
const left = (running: Running) =>
  keysOf(running).keys.find(({ state, purpose }) => state !== 'active' && purpose === 'storage')!.keyId;
const ending = (sub: 'retire' | 'suspend' | 'resume') => (running: Running) =>
  retirementPayload(running.node, running.session, { sub, keyId: left(running) });

const KINDS: Readonly<Record<string, Kind>> = {
  bootstrap: { birth: 'clear', payload: bootstrap },
  'enable storage': {
    birth: 'clear',
    prepare: (running) => applied(running, bootstrap(running)),
    payload: enable('storage'),
  },
  'enable Raft': {
    birth: 'clear',
    prepare: async (running) => {
      await applied(running, bootstrap(running));
      await applied(running, enable('storage')(running));
    },
    payload: enable('raft'),
  },
  'rotate storage': { payload: rotate('storage') },
  'rotate Raft': { payload: rotate('raft') },
  rewrap: { payload: ({ node, session }) => rewrapPayload(node, session) },
  suspend: { prepare: leaveOne, payload: ending('suspend') },
  resume: {
    prepare: async (running) => {
      await leaveOne(running);
      await applied(running, ending('suspend')(running));
    },
    payload: ending('resume'),
  },
  retire: { prepare: leaveOne, payload: ending('retire') },
  register: { payload: (running) => registrationPayload(running.node, keysOf(running).activeStorage) },
};

async function prepared(kind: Kind): Promise<{ world: World; running: Running; payload: Uint8Array }> {
  const world = new World({ birth: kind.birth ?? 'encrypted' });
  // A second start: its epochs are not registered yet, so that a registration has something to say.
  await (await driven(world)).stop();
  const running = await world.start();
  if (kind !== KINDS['register']) await running.drive();
  await kind.prepare?.(running);
  await running.engine.propose(note('a', 'before'), 'system');
  return { world, running, payload: await kind.payload(running) };
}

/** What is compared: which keys there are, what they are for, and how they are wrapped. */
function essence({ keys, retiredIds, ...state }: KeyState): string {
  const { activeStorage, activeRaft, storageEnvelopeActive, raftEnvelopeActive } = state;
  const known = keys.map((key) => [key.keyId, key.state, key.purpose, ...key.container].join(' '));
  const flags = { storageEnvelopeActive, raftEnvelopeActive };
  return JSON.stringify({ activeStorage, activeRaft, flags, known, retiredIds });
}

/** The same of nodes that drew other ids. */
function shape({ keys, retiredIds, storageEnvelopeActive, raftEnvelopeActive }: KeyState): unknown {
  const known = keys.map(({ state, purpose }) => `${state} ${purpose}`).sort();
  return { known, retired: retiredIds.length, storageEnvelopeActive, raftEnvelopeActive };
}

/** Serves: what was written is read, and what is written now as well. */
async function expectWhole(world: World): Promise<Running> {
  const running = await driven(world);
  expect(await readNote(running, 'a')).toBe('before');
  await running.engine.propose(note('b', 'afterwards'));
  expect(await readNote(running, 'b')).toBe('afterwards');
  return running;
}

describe.each(Object.entries(KINDS))('%s:', (_name, kind) => {
  test('a loss of power before any step of its apply ends where no loss ends', async () => {
    const sound = await prepared(kind);
    const { log, disk } = sound.world;
    let steps = 0;
    disk.onStep = () => void steps++;
    await applied(sound.running, sound.payload);
    await sound.running.stop();
    expect(log.length).toBeGreaterThan(0);
    // One more for the batch, and one for the time after it.
    for (let killed = 1; killed <= steps + 2; killed++) {
      const { world, running, payload } = await prepared(kind);
      let step = 0;
      const maybeDie = () => {
        if (++step >= killed) throw new RangeError('the power is gone');
      };
      world.disk.onStep = maybeDie;
      world.willWrite = maybeDie;
      await propose(running, payload).catch(() => undefined);
      const { length } = world.log;
      world.crash();
      // Once more in the middle of the start that goes on with it.
      let later = 0;
      world.willWrite = () => {
        if (++later > 1) throw new RangeError('the power is gone again');
      };
      await driven(world).catch(() => undefined);
      world.crash();
      const recovered = await expectWhole(world);
      expect(world.log.length).toBeGreaterThanOrEqual(length);
      expect([killed, shape(keysOf(recovered))]).toEqual([killed, shape(keysOf(sound.running))]);
      await recovered.stop();
    }
  });
});

interface Image {
  readonly sidecar: Uint8Array | undefined;
  readonly rows: readonly Pair[];
  readonly logLength: number;
}

async function imageOf(world: World): Promise<Image> {
  const view = world.below!.view();
  const rows = await view.scan({ from: Uint8Array.of(0) }).next(EVERYTHING);
  await view.close();
  return { sidecar: await world.disk.read(SIDECAR), rows, logLength: world.log.length };
}

async function assembled(from: World, { sidecar, rows, logLength }: Image): Promise<World> {
  const world = new World({ birth: from.identity.birth });
  if (sidecar !== undefined) world.disk.put(SIDECAR, sidecar);
  const store = await world.stores.open(STORE);
  const batch = store.batch();
  for (const { key, value } of rows) batch.put(key, value);
  await batch.write({ sync: true });
  await store.close();
  world.log.push(...from.log.slice(0, logLength));
  return world;
}

const COMBINATIONS = [
  { sidecar: 'older', store: 'older', log: 'older', comes: 'before' },
  { sidecar: 'older', store: 'older', log: 'newer', comes: 'after' },
  { sidecar: 'newer', store: 'older', log: 'newer', comes: 'after' },
  { sidecar: 'newer', store: 'newer', log: 'newer', comes: 'after' },
  { sidecar: 'newer', store: 'older', log: 'older', comes: 'CORRUPTION' },
  { sidecar: 'older', store: 'newer', log: 'newer', comes: 'SIDECAR_BEHIND_RAFT_LOG' },
] as const;

/** A sidecar that is not there is made of the store; a registration changes none. */
function expected(name: string, { sidecar, store, comes }: (typeof COMBINATIONS)[number]): string {
  if (name === 'bootstrap' && sidecar === 'older' && store === 'newer') return 'after';
  return name === 'register' ? 'after' : comes;
}

/** A log that ends below its store is refused before it comes to keys. */
describe.each(Object.entries(KINDS))('%s:', (name, kind) => {
  test.each(COMBINATIONS.map((combination) => ({ ...combination, comes: expected(name, combination) })))(
    '$sidecar sidecar, $store store and $log log come to $comes',
    async ({ sidecar, store, log, comes }) => {
      const { world, running, payload } = await prepared(kind);
      const older = await imageOf(world);
      const before = essence(keysOf(running));
      await applied(running, payload);
      const newer = await imageOf(world);
      const after = essence(keysOf(running));
      const of = { older, newer };
      const mixed = { sidecar: of[sidecar].sidecar, rows: of[store].rows, logLength: of[log].logLength };
      const found = await assembled(world, mixed);
      if (comes !== 'before' && comes !== 'after') {
        await expect(found.start()).rejects.toMatchObject({ code: comes });
        return;
      }
      const recovered = await expectWhole(found);
      expect(essence(keysOf(recovered))).toBe(comes === 'after' ? after : before);
    },
  );
});
