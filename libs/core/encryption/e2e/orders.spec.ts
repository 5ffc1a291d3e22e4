import {
  CaissonError,
  type KeyProgress,
  type Member,
  type ProposeOptions,
  type RaftTransport,
  type ReplicationEngine,
  type ScrubOrder,
  type ScrubState,
} from '@caisson/contracts';
import {
  decodeIdentityQuestion,
  decodeScrubQuestion,
  encodeIdentityAnswer,
  encodeScrubAnswer,
  fullNodeId,
  QUESTION,
  questionKind,
} from '@caisson/formats';
import { KeyLifecycle, NodeEncryption } from '../src/index.js';
import { note } from './mini-engine.js';
import { driven, localKek, readNote, type Running, withUnwrap, World } from './world.js';

type Propose = (payload: Uint8Array, options: ProposeOptions) => Promise<unknown>;

const CLUSTER_ID = new Uint8Array(16).fill(7);
let world: World;
let running: Running;
/** Other members, by name. */
let peers: Map<string, NodeEncryption>;
let leads: boolean;
let rewriting: Scripted;
/** What a member says when it is asked to free its files. */
let scrub: (name: string, order: ScrubOrder) => ScrubState;
let intercept: (propose: () => Promise<unknown>) => Promise<unknown>;

beforeEach(async () => {
  world = new World({ birth: 'clear' });
  running = await driven(world);
  peers = new Map();
  leads = true;
  rewriting = new Scripted();
  scrub = () => ({ stage: 'done' });
  intercept = (propose) => propose();
});

afterEach(async () => {
  for (const peer of peers.values()) peer.close();
  await running.stop();
});

async function addPeer(name: string, changes: Parameters<World['parts']>[0] = {}): Promise<void> {
  const peer = new NodeEncryption(new World({ birth: 'clear', name }).parts(changes));
  await peer.open();
  peers.set(name, peer);
}

/** A job that says it runs once it was started. */
class Scripted {
  state: 'idle' | 'running' = 'idle';
  rate: number | undefined;

  start({ bytesPerSecond }: { bytesPerSecond?: number } = {}) {
    this.state = 'running';
    this.rate = bytesPerSecond;
    return this.status();
  }

  status() {
    const counts = { done: 1, total: 2, bytes: 3, bytesPerSecond: 4 };
    return [{ group: 1, state: this.state, ...counts, error: new CaissonError('STORE_CLOSED') }];
  }

  async cancel() {
    this.state = 'idle';
  }
}

const transport: Pick<RaftTransport, 'ask'> = {
  async ask({ name }, question) {
    const peer = peers.get(name);
    if (peer === undefined) throw new CaissonError('UNAVAILABLE', { reason: 'nobody there' });
    if (questionKind(question) === QUESTION.scrub) {
      return encodeScrubAnswer(scrub(name, decodeScrubQuestion(question)));
    }
    const { challenge } = decodeIdentityQuestion(question);
    const identity = { name, fullNodeId: fullNodeId(name), clusterId: CLUSTER_ID, birth: 'clear', format: 1 };
    const capability = await peer.answer(challenge);
    return encodeIdentityAnswer({ ...identity, birth: 'clear', groups: [1], capability });
  },
};

function lifecycle(strangers: readonly Member[] = []): KeyLifecycle {
  const others = [...peers.keys()].map((name) => ({ name, role: 'learner' as const, address: `${name}:1` }));
  const members = [{ name: 'n1', role: 'voter' as const }, ...others, ...strangers];
  const inner = running.engine.asReplicationEngine().group(1);
  const propose: Propose = (payload, options) => intercept(() => inner.propose(payload, options));
  const leader = leads ? { leads, leader: 'n1' } : { leads, leader: 'n2' };
  const group = {
    id: 1,
    propose,
    readBarrier: async () => ({ position: running.engine.applied, staleMs: 0 }),
    status: () => ({ ...inner.status(), id: 1, ...leader, members }),
  };
  const scrubHere = (_: number, order: ScrubOrder) => scrub('n1', order);
  const engine = { groups: [1], group: () => group, scrub: scrubHere } as unknown as ReplicationEngine;
  return new KeyLifecycle({ node: running.node, engine, transport, rewrite: rewriting, clock: world.clock });
}

async function steps(order: AsyncIterable<KeyProgress>): Promise<readonly string[]> {
  const said: string[] = [];
  for await (const { step, members, planned } of order) {
    said.push(`${planned ? 'would be ' : ''}${step}${members ? ` ${members.join(' ')}` : ''}`);
  }
  return said;
}

const keys = () => running.session.state.current.keys;
const rotate = (purpose: 'storage' | 'raft', from?: readonly number[]) =>
  steps(lifecycle().rotate({ purpose, ...(from && { from }) }, {}));

async function enableBoth(): Promise<void> {
  await steps(lifecycle().enableStorageEnvelope({}, {}));
  await steps(lifecycle().enableRaftEnvelope({}, {}));
}

test('a cluster born clear is sealed step by step, its keys are rotated, and everything stays readable', async () => {
  await running.engine.propose(note('a', 'clear'));
  await addPeer('n2');
  expect(await steps(lifecycle().enableStorageEnvelope({}, {}))).toEqual([
    'asking',
    'asking n1 n2',
    'bootstrapping',
    'enabling',
    'done',
  ]);
  await running.engine.propose(note('b', 'sealed'));
  expect(await steps(lifecycle().enableRaftEnvelope({}, {}))).toEqual([
    'asking',
    'asking n1 n2',
    'holding',
    'enabling',
    'scrubbing',
    'scrubbing',
    'scrubbing',
    'done',
  ]);
  await running.engine.propose(note('c', 'sealed twice'));
  const before = keys();
  for (const purpose of ['storage', 'raft'] as const) await rotate(purpose);
  expect([keys().activeStorage, keys().activeRaft]).not.toEqual([before.activeStorage, before.activeRaft]);
  await running.engine.propose(note('d', 'rotated'));
  const values = await Promise.all(['a', 'b', 'c', 'd'].map((key) => readNote(running, key)));
  expect(values).toEqual(['clear', 'sealed', 'sealed twice', 'rotated']);
  expect(await lifecycle().status({ current: true }, {})).toMatchObject({
    node: 'n1',
    groups: [{ group: 1, leads: true, activeRaftKey: keys().activeRaft, storageEnvelopeActive: true }],
  });
});

test('what is in force is a success without another entry, also on a node that does not lead', async () => {
  await enableBoth();
  const { applied } = running.engine;
  leads = false;
  await enableBoth();
  expect(await rotate('raft', [1])).toEqual(['done']);
  expect(running.engine.applied).toBe(applied);
  await expect(rotate('raft')).rejects.toMatchObject({
    code: 'NOT_LEADER',
    details: { group: 1, leader: 'n2' },
  });
});

test('a rotation that is repeated away from the same key makes one new key', async () => {
  await enableBoth();
  const from = [keys().activeStorage];
  await rotate('storage', from);
  const { activeStorage } = keys();
  expect(await rotate('storage', from)).toEqual(['done']);
  expect(keys().activeStorage).toBe(activeStorage);
});

describe('a member that cannot keep the secret stops an order before an entry exists:', () => {
  test.each<[string, RegExp, () => Promise<void>, Member[]]>([
    [
      'another KEK',
      /^n2: PEER_NOT_ENCRYPTION_CAPABLE, another KEK$/,
      () => addPeer('n2', { keks: [localKek(9)] }),
      [],
    ],
    [
      'encryption off',
      /^n2: PEER_NOT_ENCRYPTION_CAPABLE/,
      () => addPeer('n2', { config: { enabled: false, envelopeVersion: 2 } }),
      [],
    ],
    [
      'nobody there',
      /^n3: UNAVAILABLE/,
      async () => undefined,
      [{ name: 'n3', role: 'voter', address: 'n3:1' }],
    ],
    [
      'no address',
      /^n3: UNAVAILABLE, takes no peers/,
      async () => undefined,
      [{ name: 'n3', role: 'voter' }],
    ],
  ])('%s', async (_, problem, prepare, strangers) => {
    await prepare();
    const { applied } = running.engine;
    await expect(steps(lifecycle(strangers).enableStorageEnvelope({}, {}))).rejects.toMatchObject({
      code: 'CAPABILITY_CHECK_FAILED',
      details: { problems: [expect.stringMatching(problem)] },
    });
    expect(running.engine.applied).toBe(applied);
  });
});

test('a dry run asks and plans, and changes nothing', async () => {
  const { applied } = running.engine;
  const plan = await steps(lifecycle().enableStorageEnvelope({ dryRun: true }, {}));
  expect(plan).toContain('would be bootstrapping');
  expect(plan).toContain('would be enabling');
  await enableBoth();
  const { applied: enabled } = running.engine;
  expect(enabled).toBeGreaterThan(applied);
  expect(await steps(lifecycle().rotate({ purpose: 'raft', dryRun: true }, {}))).toContain(
    'would be rotating',
  );
  expect(running.engine.applied).toBe(enabled);
});

test('orders without what they need are refused', async () => {
  await expect(steps(lifecycle().enableRaftEnvelope({}, {}))).rejects.toMatchObject({
    code: 'ENVELOPE_ORDER',
  });
  await expect(rotate('raft')).rejects.toMatchObject({ code: 'ENVELOPE_ORDER' });
  await expect(steps(lifecycle().rewrap({}, {}))).rejects.toMatchObject({ code: 'ENVELOPE_ORDER' });
  await running.stop();
  running = await world.start({ keks: [], config: { enabled: false, envelopeVersion: 2 } });
  await expect(steps(lifecycle().enableStorageEnvelope({}, {}))).rejects.toMatchObject({
    code: 'ENCRYPTION_NOT_ENABLED',
  });
  await expect(lifecycle().verify({})).rejects.toMatchObject({ code: 'ENCRYPTION_NOT_ENABLED' });
});

describe('the cutover of the log', () => {
  beforeEach(() => steps(lifecycle().enableStorageEnvelope({}, {})));
  const order = () => steps(lifecycle().enableRaftEnvelope({}, {}));
  const admitted = () => running.session.admission('user')?.code;

  test('holds users back while its entry is on its way, and the system not', async () => {
    const seen: unknown[] = [];
    intercept = (propose) => {
      seen.push(admitted(), running.session.admission('system'));
      return propose();
    };
    await order();
    expect(seen).toEqual(['ENVELOPE_CUTOVER_IN_PROGRESS', undefined]);
    expect(admitted()).toBeUndefined();
  });

  test.each(['NOT_LEADER', 'UNKNOWN_OUTCOME', 'DRAINING'] as const)(
    'lets users in again after %s, and a repeat goes on',
    async (code) => {
      intercept = () => Promise.reject(new CaissonError(code));
      await expect(order()).rejects.toMatchObject({ code });
      expect(admitted()).toBeUndefined();
      expect(keys().raftEnvelopeActive).toBe(false);
      intercept = (propose) => propose();
      await order();
      expect(keys().raftEnvelopeActive).toBe(true);
    },
  );

  test('that was applied although its answer was lost is a success', async () => {
    intercept = async (propose) => {
      await propose();
      throw new CaissonError('UNKNOWN_OUTCOME');
    };
    expect(await order()).toContain('done');
    expect(admitted()).toBeUndefined();
  });

  test('looks again when keys or members moved meanwhile, but not for ever', async () => {
    let refusals = 2;
    const stale = { position: 0, outcome: { kind: 'refused', error: new CaissonError('STATE_STALE') } };
    intercept = (propose) => (refusals-- > 0 ? Promise.resolve(stale) : propose());
    expect(await order()).toContain('done');
    intercept = () => Promise.resolve(stale);
    await expect(rotate('raft')).rejects.toMatchObject({ code: 'STATE_STALE' });
  });
});

describe('KEKs', () => {
  const restart = async (...keks: World['keks']) => {
    await running.stop();
    world.keks = keks;
    running = await driven(world);
  };
  const results = async () => {
    const checks = await lifecycle().verify({});
    return checks.map(({ provider, result, error }) => `${provider} ${error ?? result}`).sort();
  };

  test('are added and removed by rewrapping, and each is tried on each key', async () => {
    await enableBoth();
    const [old, fresh] = [localKek(1), localKek(2, 'other')];
    expect(await results()).toEqual(['file opened', 'file opened']);
    await restart(old, fresh);
    expect(await results()).toEqual(['file opened', 'file opened', 'other not-wrapped', 'other not-wrapped']);
    expect(await steps(lifecycle().rewrap({}, {}))).toContain('rewrapping');
    expect(await results()).toEqual(['file opened', 'file opened', 'other opened', 'other opened']);
    expect(await steps(lifecycle().rewrap({}, {}))).toEqual(['done']);
    await restart(fresh);
    expect(await results()).toContain('file not-configured');
    await steps(lifecycle().rewrap({}, {}));
    expect(await results()).toEqual(['other opened', 'other opened']);
  });

  test('that fail on their own are found although another one opens every key', async () => {
    await enableBoth();
    const escrow = localKek(2, 'escrow');
    await restart(localKek(1), escrow);
    await steps(lifecycle().rewrap({}, {}));
    const denied = withUnwrap(escrow, () => Promise.reject(new CaissonError('KEK_DENIED')));
    await restart(localKek(1), denied);
    expect(await results()).toEqual(['escrow KEK_DENIED', 'escrow KEK_DENIED', 'file opened', 'file opened']);
  });

  test('that members do not hold protect nothing yet: rewrapping is refused', async () => {
    await addPeer('n2');
    await enableBoth();
    await restart(localKek(1), localKek(2, 'other'));
    await steps(lifecycle().rewrap({}, {}));
    await restart(localKek(2, 'other'));
    await expect(steps(lifecycle().rewrap({}, {}))).rejects.toMatchObject({
      code: 'CAPABILITY_CHECK_FAILED',
    });
    expect(await results()).toContain('file not-configured');
  });
});

test('rewriting is begun once values are sealed, looked at and cancelled', async () => {
  const rewrite = (action: 'start' | 'look' | 'cancel') =>
    lifecycle().rewrite({ action, ...(action === 'start' && { bytesPerSecond: 9 }) }, {});
  await expect(rewrite('start')).rejects.toMatchObject({ code: 'ENVELOPE_ORDER' });
  expect(await rewrite('look')).toMatchObject([{ state: 'idle' }]);
  await enableBoth();
  const progress = {
    group: 1,
    state: 'running',
    done: 1,
    total: 2,
    bytesPerSecond: 4,
    error: 'STORE_CLOSED',
  };
  expect(await rewrite('start')).toEqual([progress]);
  expect(rewriting.rate).toBe(9);
  expect(await rewrite('cancel')).toMatchObject([{ state: 'idle' }]);
});

test('sealed mode comes after both envelopes, and its dry run says so too', async () => {
  const order = (dryRun = false) => steps(lifecycle().sealMode({ dryRun }, {}));
  for (const dryRun of [true, false]) {
    await expect(order(dryRun)).rejects.toMatchObject({ code: 'ENVELOPE_ORDER' });
  }
  await steps(lifecycle().enableStorageEnvelope({}, {}));
  await expect(order(true)).rejects.toMatchObject({ code: 'ENVELOPE_ORDER' });
  await steps(lifecycle().enableRaftEnvelope({}, {}));
  expect(await order(true)).toContain('would be sealing');
  expect(keys().sealedModeIndex).toBe(0);
  expect(await order()).toEqual(['asking', 'asking n1', 'sealing', 'done']);
  expect(keys().sealedModeIndex).toBeGreaterThan(0);
  expect(await order()).toEqual(['done']);
});

test('the cutover of the log frees files by one order however often it is given; a dry run asks nobody', async () => {
  const asked = new Set<string>();
  scrub = (_, { id, through }) => {
    asked.add(`${id} ${through}`);
    return { stage: 'done' };
  };
  await enableBoth();
  await enableBoth();
  const { raftCutoverIndex } = keys();
  expect([...asked]).toEqual([`${raftCutoverIndex} ${raftCutoverIndex}`]);
  expect(await steps(lifecycle().scrub({ dryRun: true }, {}))).toEqual([
    'would be scrubbing',
    'would be done',
  ]);
  expect(asked.size).toBe(1);
  await steps(lifecycle().scrub({}, {}));
  expect([...asked].at(-1)).toMatch(new RegExp(` ${running.engine.applied}$`));
});
