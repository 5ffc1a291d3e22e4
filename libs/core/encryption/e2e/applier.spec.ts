import { type ApplyOutcome, CaissonError, Secret } from '@caisson/contracts';
import {
  type BootstrapWire2,
  decodeBootstrap,
  decodeWriterRow,
  encodeBootstrap,
  encodeLifecycle,
  encodeRegisterWriter,
  fullNodeId,
  nodeId16,
  PURPOSE_CODE,
  systemKey,
  type WriterClaim,
  writerRegistryKey,
  type WriterRow,
} from '@caisson/formats';
import { KekRing } from '../src/index.js';
import { APPLIED, bootstrap, CONSUMED, propose, refusedWith } from './entries.js';
import { note } from './mini-engine.js';
import { driven, hashes, localKek, type Running, withUnwrap, World } from './world.js';

const OWN = fullNodeId('n1');
const STRANGER = OWN + 0x10000n;
const OTHER = fullNodeId('n2');
const DEK = 0x11223344;
let world: World;

beforeEach(() => {
  world = new World();
});

const register = (claim: Partial<WriterClaim> = {}) =>
  encodeRegisterWriter({ dekId: DEK, fullNodeId: OTHER, epoch: 5, ...claim });

async function row({ session }: Running, dekId: number, node: bigint): Promise<WriterRow | undefined> {
  const value = await session.store.get(systemKey(writerRegistryKey(dekId, nodeId16(node))));
  return value && decodeWriterRow(value);
}

describe('registration', () => {
  test('the five cases of a claim', async () => {
    const running = await world.start();
    const cases: [Partial<WriterClaim>, unknown, [number, number]][] = [
      [{}, APPLIED, [5, 5]],
      [{ epoch: 9 }, APPLIED, [5, 9]],
      [{ epoch: 9 }, { kind: 'applied', result: new Uint8Array(0), sync: false }, [5, 9]],
      [{ epoch: 8 }, refusedWith('LOCAL_EPOCH_ROLLBACK'), [5, 9]],
      [{ fullNodeId: OTHER + 0x10000n, epoch: 99 }, refusedWith('NODE_ID_COLLISION'), [5, 9]],
      [{ fullNodeId: OTHER + 0x10000n, epoch: 0 }, refusedWith('NODE_ID_COLLISION'), [5, 9]],
    ];
    for (const [claim, outcome, [firstSeenEpoch, lastSeenEpoch]] of cases) {
      expect(await propose(running, register(claim))).toEqual(outcome);
      expect(await row(running, DEK, OTHER)).toEqual({ fullNodeId: OTHER, firstSeenEpoch, lastSeenEpoch });
    }
    expect(await row(running, DEK + 1, OTHER)).toBeUndefined();
    expect(world.fatal).toBeUndefined();
  });

  test('it needs no KEK and no bootstrap, and works with encryption off', async () => {
    world = new World({ birth: 'clear' });
    const running = await world.start({ keks: [], config: { enabled: false, envelopeVersion: 1 } });
    expect(await propose(running, register())).toEqual(APPLIED);
    expect(await row(running, DEK, OTHER)).toEqual({
      fullNodeId: OTHER,
      firstSeenEpoch: 5,
      lastSeenEpoch: 5,
    });
  });

  test('a refused claim of the running epoch ends the node it names, and it seals nothing more', async () => {
    const running = await driven(world);
    const [dekId] = running.node.keys.keystore.ids as [number];
    await running.stop();
    const second = await world.start();
    // Somebody else's view of this node: ahead of it by far, and written below this process.
    const place = systemKey(writerRegistryKey(dekId, nodeId16(OWN)));
    const batch = world.below!.batch();
    const ahead = Uint8Array.of(...encodeU64(OWN), 0, 0, 0, 9);
    await batch.put(place, ahead).write({ sync: true });
    expect(await propose(second, register({ dekId, fullNodeId: OWN, epoch: 1 }))).toEqual(
      refusedWith('LOCAL_EPOCH_ROLLBACK'),
    );
    expect(world.fatal).toMatchObject({ code: 'LOCAL_EPOCH_ROLLBACK' });
    expect(second.session.admission('system')).toMatchObject({ code: 'LOCAL_EPOCH_ROLLBACK' });
    expect(() => second.session.sealProposal({ term: 1, index: 99, proposalId: 1n }, note('a', 'b'))).toThrow(
      expect.objectContaining({ code: 'LOCAL_EPOCH_ROLLBACK' }),
    );
  });

  test('an old claim of this node that arrives late is refused and harms nobody', async () => {
    await (await driven(world)).stop();
    const second = await driven(world);
    const [dekId] = second.node.keys.keystore.ids as [number];
    expect(await propose(second, register({ dekId, fullNodeId: OWN, epoch: 0 }))).toEqual(
      refusedWith('LOCAL_EPOCH_ROLLBACK'),
    );
    expect(world.fatal).toBeUndefined();
    expect(second.session.admission('user')).toBeUndefined();
  });

  test('a claim above this node’s epoch is recorded before it counts, and sealing goes on under it', async () => {
    const running = await driven(world);
    for (const dekId of running.node.keys.keystore.ids) {
      expect(await propose(running, register({ dekId, fullNodeId: OWN, epoch: 40 }))).toEqual(APPLIED);
      expect(running.node.keys.seals.epochOf(dekId)).toBe(40);
    }
    expect(running.session.admission('user')).toBeUndefined();
    world.crash();
    const next = await world.start();
    expect(next.node.status().keys.map(({ localEpoch }) => localEpoch)).toEqual([41, 41]);
  });
});

function encodeU64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}

describe('bootstrap', () => {
  test('the same entry again is a success without effect, any other is refused', async () => {
    const running = await world.start();
    const payload = await bootstrap(running);
    const other = await bootstrap(running, ({ storage }) => ({
      storage: { ...storage, keyId: (storage.keyId ^ 1) >>> 0 },
    }));
    expect(await propose(running, payload)).toMatchObject({ kind: 'applied', sync: true });
    const keys = running.session.state.current.keys;
    expect(await propose(running, payload)).toEqual(CONSUMED);
    expect(await propose(running, other)).toEqual(refusedWith('ENCRYPTION_ALREADY_BOOTSTRAPPED'));
    const sameIds = decodeBootstrap(payload) as BootstrapWire2;
    const rewrapped = encodeBootstrap({
      ...sameIds,
      raft: { ...sameIds.raft, container: sameIds.storage.container },
    });
    expect(await propose(running, rewrapped)).toEqual(refusedWith('ENCRYPTION_ALREADY_BOOTSTRAPPED'));
    expect(running.session.state.current.keys).toBe(keys);
  });

  test.each<[string, string, (entry: BootstrapWire2) => Partial<BootstrapWire2>]>([
    ['another cluster', 'CLUSTER_MISMATCH', () => ({ clusterId: new Uint8Array(16) })],
    ['an older key state', 'STATE_STALE', () => ({ stateIndex: 9 })],
    ['another membership', 'STATE_STALE', () => ({ confIndex: 9 })],
    [
      'one id twice',
      'INVALID_ARGUMENT',
      ({ raft, storage }) => ({ raft: { ...raft, keyId: storage.keyId } }),
    ],
    ['the id 0', 'INVALID_ARGUMENT', ({ raft }) => ({ raft: { ...raft, keyId: 0 } })],
    [
      'another origin',
      'INVALID_ARGUMENT',
      ({ raft }) => ({ raft: { ...raft, originId: new Uint8Array(16) } }),
    ],
    [
      'a claim to another key',
      'INVALID_ARGUMENT',
      () => ({ writers: [{ dekId: 1, fullNodeId: OTHER, epoch: 0 }] }),
    ],
    [
      'two claims that collide',
      'NODE_ID_COLLISION',
      ({ raft, writers }) => ({
        writers: [...writers, { dekId: raft.keyId, fullNodeId: STRANGER, epoch: 0 }],
      }),
    ],
  ])('one with %s is refused and leaves nothing', async (_, code, change) => {
    const running = await world.start();
    const files = world.disk.files;
    expect(await propose(running, await bootstrap(running, change))).toEqual(refusedWith(code));
    expect(running.session.status.bootstrapped).toBe(false);
    expect(running.node.keys.keystore.ids).toEqual([]);
    expect(world.disk.files).toEqual(files);
    await running.drive();
    expect(running.session.isEncrypted).toBe(true);
  });

  test('without a KEK it halts with its own code, and the next start replays it', async () => {
    const donor = new World({ birth: 'clear' });
    const payload = await bootstrap(await donor.start());
    world = new World({ birth: 'clear' });
    const running = await world.start({ keks: [], config: { enabled: false, envelopeVersion: 1 } });
    await expect(propose(running, payload)).rejects.toMatchObject({ code: 'KEK_NOT_CONFIGURED' });
    expect(running.engine.applied).toBe(1);
    await running.stop();
    const next = await world.start();
    expect(next.engine.applied).toBe(2);
    expect(next.session.status.bootstrapped).toBe(true);
  });

  test('a wrong KEK, a wrong check value and a malformed container halt', async () => {
    const wrong: [string, (entry: BootstrapWire2) => Partial<BootstrapWire2>, World['keks']][] = [
      ['KEK_MISMATCH', () => ({}), [localKek(2)]],
      ['KEK_MISMATCH', ({ raft }) => ({ raft: { ...raft, check: new Uint8Array(8) } }), [localKek(1)]],
      ['KEK_BLOB_CORRUPT', ({ raft }) => ({ raft: { ...raft, container: Uint8Array.of(1) } }), [localKek(1)]],
    ];
    for (const [code, change, keks] of wrong) {
      const payload = await bootstrap(await new World().start(), change);
      world = new World();
      world.keks = keks;
      const running = await world.start();
      await expect(propose(running, payload)).rejects.toMatchObject({ code });
      expect(running.engine.applied).toBe(1);
      expect(running.session.status.bootstrapped).toBe(false);
    }
  });

  test('wire 1 stays readable: its check value is computed, its origin is this cluster', async () => {
    const ring = new KekRing([localKek(1)], hashes);
    const wrapped = (keyId: number, purpose: 'storage' | 'raft') => {
      const context = { originId: world.identity.clusterId, keyId, purpose: PURPOSE_CODE[purpose] };
      return ring.wrap(new Secret(new Uint8Array(32).fill(keyId)), context);
    };
    const payload = encodeBootstrap({
      wire: 1,
      storage: { keyId: 7, wrapped: await wrapped(7, 'storage') },
      raft: { keyId: 9, wrapped: await wrapped(9, 'raft') },
      writers: [{ dekId: 7, fullNodeId: OWN, epoch: 0 }],
    });
    const running = await world.start();
    expect(await propose(running, payload)).toEqual(APPLIED);
    expect(await propose(running, payload)).toEqual(CONSUMED);
    const claim = (dekId: number) => ({ dekId, fullNodeId: OWN, epoch: 0 });
    const bare = { wire: 1, wrapped: new Uint8Array(0) } as const;
    const storage = {
      ...bare,
      sub: 'enableStorageEnvelope',
      keyId: 7,
      purpose: 'storage',
      proposer: claim(7),
    } as const;
    const raft = {
      ...bare,
      sub: 'enableRaftEnvelope',
      keyId: 9,
      purpose: 'raft',
      proposer: claim(9),
    } as const;
    expect(await propose(running, encodeLifecycle(storage))).toEqual(APPLIED);
    expect(await propose(running, encodeLifecycle(raft))).toEqual(APPLIED);
    expect(await propose(running, encodeLifecycle(storage))).toEqual(CONSUMED);
    await running.drive();
    await running.engine.propose(note('a', 'one'));
    await running.stop();
    await expect(driven(world)).resolves.toBeDefined();
  });

  test('a key service out of reach holds apply back and nothing else', async () => {
    const payload = await bootstrap(await world.start());
    const [kek] = world.keks;
    let outages = 4;
    const other = new World();
    const flaky = withUnwrap(kek!, (...args) =>
      outages-- > 0 ? Promise.reject(new CaissonError('KEK_THROTTLED')) : kek!.unwrap(...args),
    );
    other.keks = [flaky];
    const running = await other.start();
    const outcome: Promise<ApplyOutcome> = propose(running, payload);
    await other.clock.turn();
    expect(running.engine.applied).toBe(1);
    expect(other.degraded).toContain('KEK_THROTTLED');
    expect(await outcome).toEqual(APPLIED);
    expect(other.clock.slept).toBe(4);
    expect(other.degraded).toBeUndefined();
  });
});
