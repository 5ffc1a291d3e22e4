import { fromUtf8, toUtf8 } from '@caisson/base';
import {
  type KeyState,
  decodeKeyState,
  encodeIndexRow,
  encodeKeyState,
  encodeMembership,
  encodeWriterRow,
  fullNodeId,
  nodeId16,
  parseSidecar,
  printSidecar,
  type Sidecar,
  type SidecarKey,
  sidecarMacInput,
  SYSTEM_KEYS,
  systemKey,
  writerRegistryKey,
} from '@caisson/formats';
import { MemoryStores } from '@caisson/store-memory';
import { NodeEncryption } from '../src/index.js';
import { recordMac } from '../src/keys/authentication.js';
import { diskError } from './memory-disk.js';
import { note } from './mini-engine.js';
import { driven, hashes, localKek, readNote, World } from './world.js';

const PATH = '/data/encryption/keys.json';
const OFF = { config: { enabled: false, envelopeVersion: 1 } };
let world: World;

/** A directory that was used by an encrypted node and closed in order. */
beforeEach(async () => {
  world = new World();
  const first = await driven(world);
  await first.engine.propose(note('a', 'one'));
  await first.stop();
});

async function sidecarFile(): Promise<Sidecar> {
  return parseSidecar((await world.disk.read(PATH))!);
}

/** Starts, expects the refusal, and checks that not a byte of the directory has changed. */
async function refuses(code: string, changes: Parameters<World['start']>[0] = {}): Promise<void> {
  const before = world.disk.files;
  const rows = await storedRows();
  await expect(world.start(changes)).rejects.toMatchObject({ code });
  expect(world.disk.files).toEqual(before);
  expect(await storedRows()).toEqual(rows);
}

async function storedRows(): Promise<readonly Uint8Array[]> {
  const store = await world.stores.open('/data/1/store');
  const rows = await world.stored();
  await store.close();
  return rows;
}

async function editStore(edit: Record<string, [Uint8Array, Uint8Array | undefined]>): Promise<void> {
  const store = await world.stores.open('/data/1/store');
  const batch = store.batch();
  for (const [key, value] of Object.values(edit)) {
    if (value === undefined) batch.delete(key);
    else batch.put(key, value);
  }
  await batch.write({ sync: true });
  await store.close();
}

async function keyState(): Promise<KeyState> {
  const store = await world.stores.open('/data/1/store');
  const row = await store.get(SYSTEM_KEYS.keyState);
  await store.close();
  return decodeKeyState(row!);
}

describe('before the store is opened', () => {
  beforeEach(() => {
    Object.defineProperty(world, 'stores', {
      get: () => ({
        capabilities: { durable: false, syncedWrites: true, detectsDamage: false },
        open: () => Promise.reject(new Error('the store was opened')),
      }),
    });
  });

  async function refusesEarly(code: string, changes: Parameters<World['start']>[0] = {}): Promise<void> {
    const before = world.disk.files;
    await expect(world.start(changes)).rejects.toMatchObject({ code });
    expect(world.disk.files).toEqual(before);
  }

  test('encryption off in a directory with a sidecar is refused', () =>
    refusesEarly('SIDECAR_PRESENT_WITHOUT_FLAG', OFF));

  test('encryption off in a directory to be born encrypted is refused', async () => {
    await world.disk.remove(PATH);
    await refusesEarly('ENCRYPTION_NOT_ENABLED', OFF);
  });

  test('encryption on without any KEK is refused', () =>
    refusesEarly('KEK_REQUIRED_WITH_FLAG', { keks: [] }));

  test.each(['create', 'write', 'sync', 'rename', 'syncDirectory', 'close'])(
    'a file system that refuses to %s is unsupported, and the probe leaves nothing',
    async (operation) => {
      world.disk.onStep = (step) => {
        if (step.operation === operation) throw diskError(operation, step.path, 'EINVAL');
      };
      await refusesEarly('UNSUPPORTED_FILESYSTEM');
    },
  );

  test('an epoch that is used up is refused', async () => {
    await rewrite((sidecar) => withKeys(sidecar, (key) => ({ ...key, localEpoch: 0xffff })));
    await refusesEarly('LOCAL_EPOCH_EXHAUSTED');
  });

  test('a wrong KEK is diagnosed as one', () => refusesEarly('KEK_MISMATCH', { keks: [localKek(2)] }));

  test('another key that passes for the right one is caught by the check value', async () => {
    await rewrite((sidecar) => withKeys(sidecar, (key) => ({ ...key, check: new Uint8Array(8) })));
    await refusesEarly('KEK_MISMATCH');
  });

  test('two wrapped keys put in each other’s place do not unwrap', async () => {
    await rewrite((sidecar) => {
      const [[a, first], [b, second]] = [...sidecar.keys] as [[number, SidecarKey], [number, SidecarKey]];
      const keys = new Map([
        [a, { ...first, wrapped: second.wrapped }],
        [b, { ...second, wrapped: first.wrapped }],
      ]);
      return { ...sidecar, keys };
    });
    await refusesEarly('KEK_MISMATCH');
  });

  test('a sidecar cut anywhere is corrupt', async () => {
    const whole = (await world.disk.read(PATH))!;
    for (const length of [0, 1, 100, whole.length >> 1, whole.length - 3]) {
      world.disk.put(PATH, whole.subarray(0, length));
      await refusesEarly('SIDECAR_CORRUPT');
    }
  });

  test('an edited flag, epoch, state or index fails the MAC', async () => {
    const text = fromUtf8((await world.disk.read(PATH))!)!;
    const edits: [RegExp, string][] = [
      [/"storage_envelope_active": true/, '"storage_envelope_active": false'],
      [/"local_epoch": 0/, '"local_epoch": 7'],
      [/"state": "active"/, '"state": "retiring"'],
      [/"raft_envelope_cutover_index": 4/, '"raft_envelope_cutover_index": 9'],
      [/"mac": "./, '"mac": "0'],
    ];
    for (const [found, put] of edits) {
      const edited = text.replace(found, put === '"mac": "0' && /"mac": "0/.test(text) ? '"mac": "1' : put);
      expect(edited).not.toBe(text);
      world.disk.put(PATH, toUtf8(edited));
      await refusesEarly('SIDECAR_CORRUPT');
    }
  });

  test('a sidecar without a MAC, or with one under a key that is not there, is corrupt', async () => {
    const sidecar = await sidecarFile();
    const text = fromUtf8((await world.disk.read(PATH))!)!;
    world.disk.put(PATH, toUtf8(text.replace(/,\s*"mac": "[0-9a-f]+"/, '')));
    await refusesEarly('SIDECAR_CORRUPT');
    world.disk.put(PATH, printSidecar({ ...sidecar, macKeyId: 1 }));
    await refusesEarly('SIDECAR_CORRUPT');
  });

  test('the sidecar of another cluster is refused, even under the same KEK', async () => {
    const other = new World({ clusterId: new Uint8Array(16).fill(9) });
    await (await driven(other)).stop();
    world.disk.put(PATH, (await other.disk.read(PATH))!);
    await refusesEarly('CLUSTER_MISMATCH');
  });

  test('a store without synced writes is refused before the plan starts', async () => {
    const stores = new MemoryStores({ syncedWrites: false });
    const refused = expect.objectContaining({ code: 'UNSUPPORTED_STORE_FOR_WRITER_REGISTRY' });
    await expect(world.start({ stores })).rejects.toEqual(refused);
  });
});

async function rewrite(change: (sidecar: Sidecar) => Sidecar): Promise<void> {
  world.disk.put(PATH, printSidecar(change(await sidecarFile())));
}

function withKeys(sidecar: Sidecar, change: (key: SidecarKey) => SidecarKey): Sidecar {
  return { ...sidecar, keys: new Map([...sidecar.keys].map(([id, key]) => [id, change(key)])) };
}

describe('once the store is open', () => {
  test('encryption off is refused by the keys in the store when the sidecar is gone', async () => {
    world.disk.put(PATH, new Uint8Array(0));
    await world.disk.remove(PATH);
    const clear = { ...world.directory, identity: { ...world.identity, birth: 'clear' as const } };
    await refuses('SIDECAR_PRESENT_WITHOUT_FLAG', { ...OFF, directory: clear });
  });

  test('the store of another cluster is refused', async () => {
    await editStore({ cluster: [SYSTEM_KEYS.clusterId, new Uint8Array(16)] });
    await refuses('CLUSTER_MISMATCH');
  });

  test('two members whose names share 16 bits are refused', async () => {
    const own = fullNodeId('n1');
    const stranger = own + 0x10000n;
    const voters = [own, stranger];
    const rest = { votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false, peers: [] };
    await editStore({ members: [SYSTEM_KEYS.membership, encodeMembership({ index: 1, voters, ...rest })] });
    await refuses('NODE_ID_COLLISION');
  });

  test('a registered stranger under this node’s 16 bits is a collision', async () => {
    const { activeRaft } = await keyState();
    const own = fullNodeId('n1');
    const row = encodeWriterRow({ fullNodeId: own + 0x10000n, firstSeenEpoch: 0, lastSeenEpoch: 0 });
    await editStore({ row: [systemKey(writerRegistryKey(activeRaft, nodeId16(own))), row] });
    await refuses('NODE_ID_COLLISION');
  });

  test('a sidecar from before the envelopes is behind', async () => {
    const other = new World();
    const older: Uint8Array[] = [];
    other.disk.onStep = ({ operation, path }) => {
      if (operation === 'rename' && path === PATH)
        void other.disk.read(PATH).then((bytes) => bytes && older.push(bytes));
    };
    await (await driven(other)).stop();
    other.disk.onStep = () => undefined;
    const newest = (await other.disk.read(PATH))!;
    expect(older.length).toBeGreaterThanOrEqual(2);
    world = other;
    for (const file of older) {
      world.disk.put(PATH, file);
      await refuses('SIDECAR_BEHIND_RAFT_LOG');
    }
    world.disk.put(PATH, newest);
    await (await driven(world)).stop();
  });

  test('a sidecar from an earlier start has epochs behind the registry', async () => {
    const older = (await world.disk.read(PATH))!;
    await (await driven(world)).stop();
    world.disk.put(PATH, older);
    await refuses('LOCAL_EPOCH_ROLLBACK');
  });

  test('a key entry that was applied and is missing from the store is a gap', async () => {
    await editStore({ keys: [SYSTEM_KEYS.keyState, undefined] });
    await refuses('SIDECAR_GAP');
    await world.disk.remove(PATH);
    await refuses('SIDECAR_GAP');
  });

  test('an edited key state fails its MAC', async () => {
    const state = await keyState();
    const edited = encodeKeyState({ ...state, storageCutoverTs: 99n, stateIndex: state.stateIndex });
    await rewriteAuthentic((sidecar) => withGroup(sidecar, { storageCutoverTs: 99n }));
    await editStore({ keys: [SYSTEM_KEYS.keyState, edited] });
    await refuses('CORRUPTION');
  });

  test('a sidecar that contradicts the store is refused', async () => {
    await rewriteAuthentic((sidecar) => withGroup(sidecar, { storageCutoverTs: 5n }));
    await refuses('SIDECAR_CORRUPT');
  });

  test('two different Raft cutovers are a divergence', async () => {
    await rewriteAuthentic((sidecar) => withGroup(sidecar, { raftEnvelopeCutoverIndex: 9 }));
    await refuses('ENVELOPE_CUTOVER_DIVERGENCE');
  });

  test('a log that ends before a recorded key entry is corrupt', async () => {
    world.log.length = 3;
    await editStore({
      keys: [SYSTEM_KEYS.keyState, undefined],
      applied: [SYSTEM_KEYS.appliedIndex, encodeIndexRow(1)],
      commits: [SYSTEM_KEYS.lastCommitTs, undefined],
    });
    await refuses('CORRUPTION');
  });

  test('a key entry that neither the store nor the log holds any more is a gap of its own', async () => {
    const { stateIndex } = await keyState();
    await editStore({
      keys: [SYSTEM_KEYS.keyState, undefined],
      applied: [SYSTEM_KEYS.appliedIndex, encodeIndexRow(1)],
      commits: [SYSTEM_KEYS.lastCommitTs, undefined],
    });
    const [files, rows] = [world.disk.files, await storedRows()];
    const node = new NodeEncryption(world.parts());
    await node.open();
    const session = await node.openGroup(1);
    expect(() => session.guardLog({ start: stateIndex - 1 })).not.toThrow();
    for (const start of [stateIndex, stateIndex + 5]) {
      const refused = expect.objectContaining({ code: 'SIDECAR_COMPACTED_GAP' });
      expect(() => session.guardLog({ start })).toThrow(refused);
    }
    await session.close();
    node.close();
    expect(world.disk.files).toEqual(files);
    expect(await storedRows()).toEqual(rows);
  });

  test('a lost sidecar is rebuilt from the store, with an epoch that nobody has used', async () => {
    const second = await driven(world);
    const used = second.node.status().keys.map(({ localEpoch }) => localEpoch);
    await second.stop();
    await world.disk.remove(PATH);
    const third = await driven(world);
    expect(await readNote(third, 'a')).toBe('one');
    for (const [at, { localEpoch }] of third.node.status().keys.entries()) {
      expect(localEpoch).toBeGreaterThan(used[at]!);
    }
    await third.engine.propose(note('b', 'two'));
    await third.stop();
    expect(await readNote(await driven(world), 'b')).toBe('two');
  });
});

/** Edits the sidecar as somebody who holds the keys could. */
async function rewriteAuthentic(change: (sidecar: Sidecar) => Sidecar): Promise<void> {
  const running = await world.start();
  const { dek } = running.node.keys.keystore.get((await sidecarFile()).macKeyId)!;
  const changed = change(await sidecarFile());
  const mac = recordMac({ hashes, dek, clusterId: changed.clusterId }, 'sidecar', sidecarMacInput(changed));
  await running.stop();
  world.disk.put(PATH, printSidecar({ ...changed, mac }));
}

function withGroup(sidecar: Sidecar, change: object): Sidecar {
  return { ...sidecar, groups: new Map([[1, { ...sidecar.groups.get(1)!, ...change }]]) };
}
