import { toUtf8 } from '@caisson/base';
import type { IncomingState, Pair, StateProof, StoredView } from '@caisson/contracts';
import {
  decodeKeyState,
  decodeMembership,
  decodeWriterRow,
  encodeKeyState,
  encodeMembership,
  encodeWriterRow,
  fullNodeId,
  nodeId16,
  SYSTEM_KEYS,
  systemKey,
  TABLE,
  writerRegistryKey,
} from '@caisson/formats';
import { type GroupSession, NodeEncryption, NodeStates } from '../src/index.js';
import { note } from './mini-engine.js';
import { driven, localKek, readNote, type Running, World } from './world.js';

const OWN = fullNodeId('n2');
const STREAM = [toUtf8('a stream')];

interface Member {
  readonly world: World;
  readonly node: NodeEncryption;
  readonly session: GroupSession;
  readonly states: NodeStates;
}

let leader: Running;
let states: NodeStates;

beforeEach(async () => {
  leader = await driven(new World());
  states = new NodeStates(leader.node);
  await leader.engine.propose(note('a', 'a value'));
});

/** A node of the cluster that was never sent anything. */
async function member(world = new World({ name: 'n2' }), changes = {}): Promise<Member> {
  const node = new NodeEncryption(world.parts(changes));
  await node.open();
  const session = await node.openGroup(1);
  await session.beginSealing();
  return { world, node, session, states: new NodeStates(node) };
}

async function rowsOf(view: Pick<StoredView, 'rows'>): Promise<Pair[]> {
  const pairs: Pair[] = [];
  const cursor = view.rows();
  for (let next = await cursor.next(); next.length > 0; next = await cursor.next()) pairs.push(...next);
  return pairs;
}

/** Everything the leader has, with what it authenticated. */
async function taken(from = states): Promise<{ rows: Pair[]; proof: StateProof }> {
  const view = from.view(1);
  const rows = await rowsOf(view);
  const mac = await view.authenticate(...STREAM);
  await view.close();
  return { rows, proof: { parts: STREAM, mac } };
}

async function received({ states: own }: Member, rows: readonly Pair[]): Promise<IncomingState> {
  const state = await own.receive(1);
  await state.add(rows);
  return state;
}

async function install(to: Member): Promise<void> {
  const { rows, proof } = await taken();
  const state = await received(to, rows);
  await state.verify(proof);
  await state.adopt();
}

function edited(rows: readonly Pair[], key: Uint8Array, edit: (value: Uint8Array) => Uint8Array): Pair[] {
  const isIt = (pair: Pair) => Buffer.compare(pair.key, key) === 0;
  return rows.map((pair) => (isIt(pair) ? { key, value: edit(pair.value) } : pair));
}

const keyIds = () => leader.node.keys.keystore.ids;
const writerRow = (keyId: number) => systemKey(writerRegistryKey(keyId, nodeId16(OWN)));

test('a view holds what is replicated as it is stored, and nothing of the node itself', async () => {
  const local = Uint8Array.of(TABLE.local, 1);
  await leader.session.store.batch().put(local, local).write({ sync: true });
  const { rows } = await taken();
  expect(rows.map(({ key }) => key[0])).not.toContain(TABLE.local);
  expect(rows.map(({ key }) => Buffer.from(key))).toContainEqual(Buffer.from(SYSTEM_KEYS.keyState));
  expect(rows.some(({ value }) => Buffer.from(value).includes('a value'))).toBe(false);
});

test('an adopted state is read, and sealed on top of, by a node that never had a key', async () => {
  const to = await member();
  const { store } = to.session;
  const view = store.view();
  await install(to);
  expect(to.session.store).toBe(store);
  expect(await readNote({ session: to.session } as Running, 'a')).toBe('a value');
  await expect(view.get(SYSTEM_KEYS.appliedIndex)).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  expect(to.session.isEncrypted).toBe(true);
  const sealed = to.session.sealProposal({ term: 9, index: 999, proposalId: 1n }, note('b', 'b value'));
  expect(Buffer.from(sealed).includes('b value')).toBe(false);
  expect(leader.session.openProposal({ term: 9, index: 999 }, sealed)).toMatchObject({ kind: 'payload' });
});

test('whoever sees the keys of an adopted state may seal under them at once', async () => {
  const to = await member();
  const { session } = to;
  const seen = session.state.changed().then(() => {
    return session.unregistered.map((keyId) => to.node.keys.seals.epochOf(keyId));
  });
  await install(to);
  expect(await seen).toEqual([1, 1]);
});

test('the keys are in the sidecar before the stores change places, and a start finds node and store agreed', async () => {
  const to = await member();
  await install(to);
  const epochs = keyIds().map((keyId) => to.node.keys.seals.epochOf(keyId)!);
  expect(epochs.every((epoch) => epoch > 0)).toBe(true);
  to.world.crash();
  const again = await member(to.world);
  expect(await readNote({ session: again.session } as Running, 'a')).toBe('a value');
  expect(keyIds().map((keyId) => again.node.keys.seals.epochOf(keyId))).toEqual(epochs.map((e) => e + 1));
});

test('a key met first begins above the epoch the registry knows, a known one keeps its own', async () => {
  const row = { fullNodeId: OWN, firstSeenEpoch: 3, lastSeenEpoch: 7 };
  for (const keyId of keyIds()) {
    await leader.session.store.batch().put(writerRow(keyId), encodeWriterRow(row)).write({ sync: true });
  }
  const to = await member();
  await install(to);
  const first = keyIds().map((keyId) => to.node.keys.seals.epochOf(keyId)!);
  expect(first.every((epoch) => epoch > 7)).toBe(true);
  await leader.engine.propose(note('a', 'another value'));
  await install(to);
  expect(keyIds().map((keyId) => to.node.keys.seals.epochOf(keyId))).toEqual(first);
});

test('an epoch the leader registered for this node is taken over with a fresh factory', async () => {
  const to = await member();
  await install(to);
  const [keyId] = keyIds() as [number];
  const row = { fullNodeId: OWN, firstSeenEpoch: 0, lastSeenEpoch: 400 };
  await leader.session.store.batch().put(writerRow(keyId), encodeWriterRow(row)).write({ sync: true });
  await install(to);
  expect(to.node.keys.seals.epochOf(keyId)).toBe(400);
  expect(decodeWriterRow((await to.session.store.get(writerRow(keyId)))!)).toEqual(row);
  to.world.crash();
  expect((await member(to.world)).node.keys.seals.epochOf(keyId)).toBe(401);
});

test('a clear state moves between nodes without encryption', async () => {
  const off = { keks: [], config: { enabled: false, envelopeVersion: 2 } };
  const source = new World({ birth: 'clear' });
  const running = await source.start(off);
  await running.engine.propose(note('a', 'clear'));
  const { rows, proof } = await taken(new NodeStates(running.node));
  expect(proof.mac).toEqual(new Uint8Array(0));
  const to = await member(new World({ name: 'n2', birth: 'clear' }), off);
  const state = await received(to, rows);
  await state.verify(proof);
  await state.adopt();
  expect(await readNote({ session: to.session } as Running, 'a')).toBe('clear');
});

describe('refused, with the old state untouched:', () => {
  interface Refusal {
    readonly code: string;
    readonly world?: World;
    readonly changes?: object;
    readonly edit?: (rows: Pair[]) => Pair[];
    readonly proof?: (proof: StateProof) => StateProof;
  }

  const drop = (rows: Pair[], key: Uint8Array) => rows.filter((pair) => Buffer.compare(pair.key, key) !== 0);
  const flipLast = (bytes: Uint8Array) => bytes.with(-1, bytes.at(-1)! ^ 1);
  const stranger = () => fullNodeId('n1') + 0x10000n;
  const REFUSALS: readonly [string, () => Refusal][] = [
    [
      'another cluster',
      () => ({
        code: 'CLUSTER_MISMATCH',
        world: new World({ name: 'n2', clusterId: new Uint8Array(16).fill(8) }),
      }),
    ],
    ['keys under another KEK', () => ({ code: 'KEK_MISMATCH', changes: { keks: [localKek(2)] } })],
    [
      'keys, by a node without a KEK',
      () => ({
        code: 'KEK_NOT_CONFIGURED',
        world: new World({ name: 'n2', birth: 'clear' }),
        changes: { keks: [], config: { enabled: false, envelopeVersion: 2 } },
      }),
    ],
    [
      'keys, by a node with encryption off',
      () => ({
        code: 'ENCRYPTION_NOT_ENABLED',
        world: new World({ name: 'n2', birth: 'clear' }),
        changes: { config: { enabled: false, envelopeVersion: 2 } },
      }),
    ],
    [
      'a stream that was not authenticated so',
      () => ({
        code: 'SNAPSHOT_INVALID',
        proof: ({ mac }) => ({ parts: [toUtf8('another stream')], mac }),
      }),
    ],
    [
      'a stream without a MAC',
      () => ({
        code: 'SNAPSHOT_INVALID',
        proof: ({ parts }) => ({ parts, mac: new Uint8Array(0) }),
      }),
    ],
    [
      'a key state whose MAC is wrong',
      () => ({
        code: 'SNAPSHOT_INVALID',
        edit: (rows) => edited(rows, SYSTEM_KEYS.keyState, flipLast),
      }),
    ],
    [
      'a key state that was edited',
      () => ({
        code: 'SNAPSHOT_INVALID',
        edit: (rows) =>
          edited(rows, SYSTEM_KEYS.keyState, (row) =>
            encodeKeyState({ ...decodeKeyState(row), storageEnvelopeActive: false }),
          ),
      }),
    ],
    [
      'a key with another check value',
      () => ({
        code: 'KEK_MISMATCH',
        edit: (rows) =>
          edited(rows, SYSTEM_KEYS.keyState, (row) => {
            const state = decodeKeyState(row);
            const keys = state.keys.map((key) => ({ ...key, check: new Uint8Array(8) }));
            return encodeKeyState({ ...state, keys });
          }),
      }),
    ],
    [
      'a row that does not decode',
      () => ({
        code: 'SNAPSHOT_INVALID',
        edit: (rows) => edited(rows, SYSTEM_KEYS.keyState, (row) => row.subarray(1)),
      }),
    ],
    [
      'commits without keys, by a node born encrypted',
      () => ({
        code: 'SNAPSHOT_INVALID',
        edit: (rows) => drop(rows, SYSTEM_KEYS.keyState),
        proof: ({ parts }) => ({ parts, mac: new Uint8Array(0) }),
      }),
    ],
    [
      'members that share their 16 bits',
      () => ({
        code: 'NODE_ID_COLLISION',
        edit: (rows) =>
          edited(rows, SYSTEM_KEYS.membership, (row) => {
            const members = decodeMembership(row);
            return encodeMembership({ ...members, learners: [stranger()] });
          }),
      }),
    ],
  ];

  test.each(REFUSALS)('%s', async (_, make) => {
    const {
      code,
      world,
      changes,
      edit = (rows: Pair[]) => rows,
      proof = (same: StateProof) => same,
    } = make();
    const to = await member(world ?? new World({ name: 'n2' }), changes);
    const before = { files: to.world.disk.files, stored: await to.world.stored() };
    const snapshot = await taken();
    const below = to.world.below;
    const state = await received(to, edit(snapshot.rows));
    await expect(state.verify(proof(snapshot.proof))).rejects.toMatchObject({ code });
    await state.discard();
    to.world.below = below;
    expect({ files: to.world.disk.files, stored: await to.world.stored() }).toEqual(before);
    expect(to.node.keys.keystore.ids).toEqual([]);
    expect(await to.world.memory.exists('/data/1/store.incoming')).toBe(false);
    await expect(to.session.store.get(SYSTEM_KEYS.appliedIndex)).resolves.toBeUndefined();
  });

  test('a key id that stands for another key here', async () => {
    const other = await driven(new World({ name: 'n2' }));
    const to = { states: new NodeStates(other.node), ...other } as unknown as Member;
    const [known] = other.node.keys.keystore.ids as [number];
    const snapshot = await taken();
    const rows = edited(snapshot.rows, SYSTEM_KEYS.keyState, (row) => {
      const state = decodeKeyState(row);
      return encodeKeyState({ ...state, keys: [{ ...state.keys[0]!, keyId: known }] });
    });
    const state = await received(to, rows);
    await expect(state.verify(snapshot.proof)).rejects.toMatchObject({ code: 'KEY_CONFLICT' });
  });

  test('a state older than the keys of the node, and one that lost them', async () => {
    const to = await member();
    await install(to);
    const recorded = to.node.keys.book.content!.groups.get(1)!;
    const ahead = { ...recorded, raftAppliedIndex: recorded.raftAppliedIndex + 1 };
    await to.node.keys.book.record({ groups: new Map([[1, ahead]]) });
    const { rows, proof } = await taken();
    const older = await received(to, rows);
    await expect(older.verify(proof)).rejects.toMatchObject({ code: 'SNAPSHOT_INVALID' });
    await older.discard();
    const without = drop(drop(rows, SYSTEM_KEYS.keyState), SYSTEM_KEYS.lastCommitTs);
    const bare = await received(to, without);
    const none = { parts: STREAM, mac: new Uint8Array(0) };
    await expect(bare.verify(none)).rejects.toMatchObject({ code: 'SNAPSHOT_INVALID' });
  });

  test('a cutover at another place than recorded here', async () => {
    const to = await member();
    await install(to);
    const recorded = to.node.keys.book.content!.groups.get(1)!;
    const elsewhere = { ...recorded, raftEnvelopeCutoverIndex: recorded.raftEnvelopeCutoverIndex + 1 };
    await to.node.keys.book.record({ groups: new Map([[1, elsewhere]]) });
    const { rows, proof } = await taken();
    const state = await received(to, rows);
    await expect(state.verify(proof)).rejects.toMatchObject({ code: 'ENVELOPE_CUTOVER_DIVERGENCE' });
  });
});

test('ENC-8: a state that was not verified, or was given up, is not adopted', async () => {
  const to = await member();
  const { rows, proof } = await taken();
  const state = await received(to, rows);
  await expect(state.adopt()).rejects.toThrow('ENC-8');
  await state.verify(proof);
  await state.discard();
  await state.discard();
  await expect(state.adopt()).rejects.toThrow('ENC-8');
});
