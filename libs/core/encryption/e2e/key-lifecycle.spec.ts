import { CaissonError } from '@caisson/contracts';
import { decodeLifecycle, encodeLifecycle, fullNodeId, type LifecycleWire2 } from '@caisson/formats';
import { EncryptionApplier, enablingPayload } from '../src/index.js';
import { APPLIED, bootstrap, CONSUMED, propose, refusedWith } from './entries.js';
import { note } from './mini-engine.js';
import { driven, type Running, World } from './world.js';

const OWN = fullNodeId('n1');
const STRANGER = OWN + 0x10000n;
let world: World;

beforeEach(() => {
  world = new World();
});

describe('enabling', () => {
  async function bootstrapped(): Promise<Running> {
    const running = await world.start();
    expect(await propose(running, await bootstrap(running))).toEqual(APPLIED);
    return running;
  }

  async function enabling(
    running: Running,
    purpose: 'storage' | 'raft',
    change: Partial<LifecycleWire2> = {},
  ) {
    const entry = decodeLifecycle(
      await enablingPayload(running.node, running.session, purpose),
    ) as LifecycleWire2;
    return encodeLifecycle({ ...entry, ...change });
  }

  test('the storage envelope records its index and the last commit, and values after it are sealed', async () => {
    world = new World({ birth: 'clear' });
    const running = await world.start();
    await running.engine.propose(note('a', 'a clear value'));
    await propose(running, await bootstrap(running));
    const payload = await enabling(running, 'storage');
    expect(await propose(running, payload)).toEqual(APPLIED);
    const { keys } = running.session.state.current;
    expect(keys).toMatchObject({
      storageEnvelopeActive: true,
      storageCutoverIndex: 4,
      storageCutoverTs: 2n,
      stateIndex: 4,
    });
    expect(await propose(running, payload)).toEqual(refusedWith('STATE_STALE'));
    expect(await propose(running, await enabling(running, 'storage'))).toEqual(CONSUMED);
    expect(running.session.state.current.keys).toBe(keys);
    await running.engine.propose(note('b', 'a sealed value'));
    const stored = (await world.stored()).map((value) => Buffer.from(value).toString('latin1')).join();
    expect(stored).toContain('a clear value');
    expect(stored).not.toContain('a sealed value');
  });

  test('the Raft envelope takes effect behind its own index; a repeat is recognised before staleness', async () => {
    const running = await bootstrapped();
    const payload = await enabling(running, 'raft');
    expect(await propose(running, payload)).toEqual(APPLIED);
    const { keys, progress } = running.session.state.current;
    expect(keys).toMatchObject({ raftEnvelopeActive: true, raftCutoverIndex: 3, stateIndex: 3 });
    expect(progress).toEqual({ term: 1, sealedSeen: false });
    expect(await propose(running, payload)).toEqual(CONSUMED);
    expect(running.session.state.current.keys).toBe(keys);
  });

  test.each<[string, string, Partial<LifecycleWire2>]>([
    ['another cluster', 'CLUSTER_MISMATCH', { clusterId: new Uint8Array(16) }],
    ['an older key state', 'STATE_STALE', { stateIndex: 1 }],
    ['another membership', 'STATE_STALE', { confIndex: 0 }],
    ['a colliding proposer', 'NODE_ID_COLLISION', { fullNodeId: STRANGER }],
  ])('one of %s is refused', async (_, code, change) => {
    const running = await bootstrapped();
    for (const purpose of ['storage', 'raft'] as const) {
      expect(await propose(running, await enabling(running, purpose, change))).toEqual(refusedWith(code));
    }
    expect(running.session.status).toMatchObject({
      storageEnvelopeActive: false,
      raftEnvelopeCutoverIndex: 0,
    });
  });

  test('one that names an unknown key, or the other purpose’s, is refused', async () => {
    const running = await bootstrapped();
    const [record] = running.session.state.current.keys.keys;
    const named = { ...record!, container: new Uint8Array(0) };
    const unknown = { keys: [{ ...named, purpose: 'raft' as const, keyId: 1 }] };
    expect(await propose(running, await enabling(running, 'raft', unknown))).toEqual(
      refusedWith('KEY_RETIRED'),
    );
    const { activeStorage } = running.session.state.current.keys;
    const other = { keys: [{ ...named, purpose: 'storage' as const, keyId: activeStorage }] };
    expect(await propose(running, await enabling(running, 'raft', other))).toEqual(
      refusedWith('INVALID_ARGUMENT'),
    );
  });

  test('before bootstrap it is refused', async () => {
    const running = await bootstrapped();
    const payload = await enabling(running, 'storage');
    const other = await new World().start();
    expect(await propose(other, payload)).toEqual(refusedWith('ENCRYPTION_NOT_BOOTSTRAPPED'));
  });
});

describe('what halts', () => {
  test.each<[string, string, Uint8Array]>([
    ['a cut claim', 'ENTRY_MALFORMED', Uint8Array.of(6)],
    ['a reserved opcode', 'ENCRYPTION_APPLY', Uint8Array.of(7, 1)],
    ['a cut registration', 'ENTRY_MALFORMED', Uint8Array.of(3, 1, 0)],
    ['an unknown wire', 'ENTRY_MALFORMED', Uint8Array.of(4, 9)],
  ])('%s stops the group where it is', async (_, code, payload) => {
    const running = await world.start();
    await expect(propose(running, payload)).rejects.toMatchObject({ code });
    expect(running.engine.applied).toBe(1);
    world.crash();
    await expect(world.start()).rejects.toMatchObject({ code });
  });

  test('sealed mode before the log is sealed halts nobody, and is refused alike by all', async () => {
    const running = await world.start();
    await propose(running, await bootstrap(running));
    const { clusterId } = world.identity;
    const moment = { clusterId, confIndex: 1, stateIndex: 2, fullNodeId: OWN, epoch: 0 };
    const payload = encodeLifecycle({ wire: 2, sub: 'sealModeOn', ...moment, keys: [] });
    expect(await propose(running, payload)).toMatchObject({ error: { code: 'ENVELOPE_ORDER' } });
    expect(running.engine.applied).toBe(3);
  });

  test('a sidecar that cannot be written halts before the store changes, and the old file is whole', async () => {
    const running = await world.start();
    const payload = await bootstrap(running);
    const rows = await world.stored();
    world.disk.onStep = ({ operation, path }) => {
      if (operation === 'sync') throw new CaissonError('DISK_FULL', { operation, path, errno: 'ENOSPC' });
    };
    await expect(propose(running, payload)).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(await world.stored()).toEqual(rows);
    expect(world.disk.files.size).toBe(0);
    world.crash();
    const next = await driven(world);
    expect(next.session.isEncrypted).toBe(true);
  });

  test('with encryption on, a group without a registry store is refused before it applies anything', async () => {
    const running = await world.start();
    Object.defineProperty(running.session, 'registry', { value: undefined });
    const open = new EncryptionApplier(running.node).open({ id: 1, store: running.session.store });
    await expect(open).rejects.toMatchObject({ code: 'UNSUPPORTED_STORE_FOR_WRITER_REGISTRY' });
  });
});
