import {
  CaissonError,
  type KeyProgress,
  type KeyReferences,
  type Member,
  type RaftTransport,
  type ReplicationEngine,
} from '@caisson/contracts';
import {
  decodeKeyReferencesQuestion,
  decodeMembership,
  encodeKeyReferences,
  encodeMembership,
  SYSTEM_KEYS,
} from '@caisson/formats';
import { KeyLifecycle, NodeStates, rotationPayload } from '../src/index.js';
import { APPLIED, propose } from './entries.js';
import { note } from './mini-engine.js';
import { driven, readNote, type Running, World } from './world.js';

let world: World;
let running: Running;
let old: { readonly storage: number; readonly raft: number };
/** What other members say, by name; one that is not here does not answer. */
let peers: Map<string, Partial<KeyReferences>>;
let members: Member[];
let logStart: number;
let leads: boolean;
/** Called with each question. */
let onQuestion: (name: string) => Promise<void> | void;

beforeEach(async () => {
  world = new World();
  running = await driven(world);
  for (const key of ['a', 'b', 'c']) await running.engine.propose(note(key, `value of ${key}`));
  old = { storage: state().activeStorage, raft: state().activeRaft };
  for (const purpose of ['storage', 'raft'] as const) {
    expect(await propose(running, await rotationPayload(running.node, running.session, { purpose }))).toEqual(
      APPLIED,
    );
  }
  await running.drive();
  peers = new Map([['n2', {}]]);
  members = [
    { name: 'n1', role: 'voter' },
    { name: 'n2', role: 'learner', address: 'n2:1' },
  ];
  logStart = 0;
  leads = true;
  onQuestion = () => undefined;
});
afterEach(() => running.stop());

const state = () => running.session.state.current.keys;
const standing = (keyId: number) =>
  state().retiredIds.includes(keyId) ? 'gone' : state().keys.find((key) => key.keyId === keyId)?.state;

function saidBy(name: string, keyId: number): KeyReferences {
  const { stateIndex } = state();
  const { applied } = running.engine;
  const purpose = keyId === old.raft ? ('raft' as const) : ('storage' as const);
  const found = {
    purpose,
    state: 'retiring' as const,
    stateIndex,
    applied,
    isHeld: standing(keyId) !== 'gone',
  };
  const nothing = { values: 0, intents: 0, unreadable: 0, isCursorTarget: false, leases: [] };
  return { ...found, ...nothing, logStart: 0, lastUse: 0, ...peers.get(name) };
}

const transport: Pick<RaftTransport, 'ask'> = {
  async ask({ name }, question) {
    const { keyId } = decodeKeyReferencesQuestion(question);
    await onQuestion(name);
    if (!peers.has(name)) throw new CaissonError('UNAVAILABLE', { reason: 'nobody there' });
    return encodeKeyReferences(saidBy(name, keyId));
  },
};

function lifecycle(): KeyLifecycle {
  const inner = running.engine.asReplicationEngine().group(1);
  const group = {
    ...inner,
    id: 1,
    readBarrier: async () => ({ position: running.engine.applied, staleMs: 0 }),
    keyReferences: async (keyId: number) => ({ ...(await running.session.keyReferences(keyId)), logStart }),
    status: () => ({ ...inner.status(), id: 1, leads, leader: leads ? 'n1' : 'n2', members }),
  };
  const engine = { groups: [1], group: () => group } as unknown as ReplicationEngine;
  const { node, rewrite } = running;
  return new KeyLifecycle({ node, engine, transport, rewrite, clock: world.clock });
}

async function follow(order: AsyncIterable<KeyProgress>): Promise<readonly KeyProgress[]> {
  const steps: KeyProgress[] = [];
  for await (const step of order) steps.push(step);
  return steps;
}

const suspend = (keyId: number) => follow(lifecycle().retire({ keyId }, {}));
const erase = (keyId: number) => follow(lifecycle().retire({ keyId, erase: true }, {}));
const resume = (keyId: number) => follow(lifecycle().resume({ keyId }, {}));
const names = (steps: readonly KeyProgress[]) => steps.map(({ step }) => step);

async function rewritten(): Promise<void> {
  running.rewrite.start();
  await running.rewrite.ended();
}

/** What a dry run finds, in a few words each. */
async function blockers(keyId: number): Promise<readonly string[]> {
  const steps = await follow(lifecycle().retire({ keyId, dryRun: true }, {}));
  const found = steps.flatMap(({ blockers: each = [] }) => each);
  return found.map(({ member, what, count }) => `${member} ${what}${count === undefined ? '' : ` ${count}`}`);
}

describe('a storage key', () => {
  test('is suspended, comes back, is suspended again, and erased from every member', async () => {
    await rewritten();
    running.retired.start();
    expect(names(await suspend(old.storage))).toEqual(['counting', 'counting', 'suspending', 'done']);
    expect(standing(old.storage)).toBe('suspended');
    expect(names(await resume(old.storage))).toEqual(['resuming', 'done']);
    expect(standing(old.storage)).toBe('retiring');
    await suspend(old.storage);
    const steps = await erase(old.storage);
    expect(names(steps).filter((step) => step !== 'erasing')).toEqual([
      'counting',
      'counting',
      'retiring',
      'done',
    ]);
    expect(steps.filter(({ step }) => step === 'erasing').at(-1)).toMatchObject({ blockers: [] });
    expect(running.node.keys.keystore.get(old.storage)).toBeUndefined();
    expect(running.node.keys.book.content?.keys.has(old.storage)).toBe(false);
    for (const key of ['a', 'b', 'c']) expect(await readNote(running, key)).toBe(`value of ${key}`);
    await running.retired.stop();
  });

  test('is not suspended while any member has something under it, and everything is listed', async () => {
    const snapshot = { kind: 'snapshot', index: 4, values: 2 } as const;
    peers.set('n2', { values: 312, intents: 1, unreadable: 2, isCursorTarget: true, leases: [snapshot] });
    members.push({ name: 'n3', role: 'voter', address: 'n3:1' }, { name: 'n4', role: 'voter' });
    const { applied } = running.engine;
    expect(await blockers(old.storage)).toEqual([
      'n1 values 3',
      'n2 values 312',
      'n2 intents 1',
      'n2 unreadable 2',
      'n2 rewrite',
      'n2 snapshot 2',
      'n3 unreachable',
      'n4 unreachable',
    ]);
    await expect(suspend(old.storage)).rejects.toMatchObject({
      code: 'KEY_STILL_REFERENCED',
      details: {
        keyId: old.storage,
        problems: expect.arrayContaining([
          'n2: 312 values are under the key; caisson encryption rewrite --all --wait',
          'n3: does not say what it has: UNAVAILABLE, nobody there; bring it back, or remove it from the cluster',
        ]),
      },
    });
    expect([running.engine.applied, standing(old.storage)]).toEqual([applied, 'retiring']);
  });

  test('waits for a backup that began before its values were rewritten, not for one that began after', async () => {
    const backup = new NodeStates(running.node).view(1, 'backup');
    await rewritten();
    expect(await blockers(old.storage)).toEqual(['n1 backup 3']);
    await backup.close();
    const later = new NodeStates(running.node).view(1, 'backup');
    expect(await blockers(old.storage)).toEqual([]);
    await later.close();
  });

  test('waits for a member that receives a state, and for one that lags behind', async () => {
    await rewritten();
    peers.set('n2', { leases: [{ kind: 'incoming', index: 0 }] });
    expect(await blockers(old.storage)).toEqual(['n2 snapshot']);
    peers.set('n2', { applied: 1 });
    expect(await blockers(old.storage)).toEqual(['n2 behind']);
    peers.set('n2', { stateIndex: 1 });
    expect(await blockers(old.storage)).toEqual(['n2 behind']);
  });

  test('keeps what a backup needs that begins between the count and the entry', async () => {
    await rewritten();
    const states = new NodeStates(running.node);
    let backup: ReturnType<NodeStates['view']> | undefined;
    onQuestion = () => void (backup ??= states.view(1, 'backup'));
    await suspend(old.storage);
    expect((await running.session.keyReferences(old.storage)).leases).toMatchObject([{ values: 0 }]);
    await backup!.close();
  });

  test('is counted again when keys moved between the count and the entry', async () => {
    await rewritten();
    let questions = 0;
    const { node, session } = running;
    onQuestion = async () => {
      if (++questions > 1) return;
      await propose(running, await rotationPayload(node, session, { purpose: 'raft' }));
    };
    await expect(suspend(old.storage)).rejects.toMatchObject({
      details: { problems: [expect.stringMatching(/^n2: has applied/)] },
    });
    expect(standing(old.storage)).toBe('retiring');
    await suspend(old.storage);
    expect(standing(old.storage)).toBe('suspended');
  });

  test('is counted again when members moved between the count and the entry', async () => {
    await rewritten();
    const { store } = running.session;
    onQuestion = async (name) => {
      if (name !== 'n2' || members.length > 2) return;
      members.push({ name: 'n3', role: 'learner', address: 'n3:1' });
      const row = decodeMembership((await store.get(SYSTEM_KEYS.membership))!);
      const batch = store.batch();
      batch.put(SYSTEM_KEYS.membership, encodeMembership({ ...row, index: row.index + 1 }));
      await batch.write({ sync: true });
    };
    peers.set('n3', { values: 9 });
    await expect(suspend(old.storage)).rejects.toMatchObject({
      details: { problems: [expect.stringMatching(/^n3: 9 values/)] },
    });
    expect(standing(old.storage)).toBe('retiring');
  });

  test('that a member still holds after its end is told, and waited for no longer than a while', async () => {
    await rewritten();
    await suspend(old.storage);
    peers.set('n2', { isHeld: true });
    running.retired.start();
    const steps = await erase(old.storage);
    expect(standing(old.storage)).toBe('gone');
    expect(steps.findLast(({ step }) => step === 'erasing')?.blockers).toMatchObject([
      { member: 'n2', what: 'bytes' },
    ]);
    expect(names(await erase(old.storage)).at(-1)).toBe('done');
    await running.retired.stop();
  });

  test('is not erased before it was suspended', async () => {
    await rewritten();
    await expect(erase(old.storage)).rejects.toMatchObject({ code: 'KEY_NOT_SUSPENDED' });
    expect(standing(old.storage)).toBe('retiring');
  });

  test('is left alone by a dry run, which says what would be done', async () => {
    await rewritten();
    const { applied } = running.engine;
    const steps = await follow(lifecycle().retire({ keyId: old.storage, dryRun: true }, {}));
    expect(steps.map(({ step, planned }) => `${step} ${planned}`)).toEqual([
      'counting true',
      'counting true',
      'suspending true',
      'done true',
    ]);
    await suspend(old.storage);
    expect(await follow(lifecycle().resume({ keyId: old.storage, dryRun: true }, {}))).toMatchObject([
      { step: 'resuming', planned: true },
      { step: 'done', planned: true },
    ]);
    expect([running.engine.applied, standing(old.storage)]).toEqual([applied + 1, 'suspended']);
  });
});

describe('a Raft key', () => {
  test('is kept while the log of any member may hold entries under it', async () => {
    const { lastUse } = await running.session.keyReferences(old.raft);
    peers.set('n2', { logStart: lastUse, lastUse });
    expect(await blockers(old.raft)).toEqual([`n1 log ${lastUse}`]);
    await expect(suspend(old.raft)).rejects.toMatchObject({
      code: 'RAFT_DEK_WAL_STILL_REFERENCES',
      details: {
        problems: [expect.stringMatching(/^n1: its log begins at 1, .*; caisson encryption scrub$/)],
      },
    });
    logStart = lastUse;
    running.retired.start();
    await suspend(old.raft);
    await erase(old.raft);
    expect(standing(old.raft)).toBe('gone');
    await running.retired.stop();
  });
});

describe('orders that make no sense are refused before anybody is asked:', () => {
  test.each<[string, string, () => number]>([
    ['an active key', 'INVALID_ARGUMENT', () => state().activeStorage],
    ['an unknown one', 'KEY_RETIRED', () => 1],
  ])('%s', async (_, code, keyId) => {
    onQuestion = () => {
      throw new RangeError('somebody was asked');
    };
    for (const order of [suspend, erase, resume])
      await expect(order(keyId())).rejects.toMatchObject({ code });
  });

  test('on a node that does not lead', async () => {
    leads = false;
    await expect(suspend(old.storage)).rejects.toMatchObject({
      code: 'NOT_LEADER',
      details: { leader: 'n2' },
    });
  });

  test('bringing back what was given up', async () => {
    await rewritten();
    await suspend(old.storage);
    peers.clear();
    members = [members[0]!];
    running.retired.start();
    await erase(old.storage);
    await expect(resume(old.storage)).rejects.toMatchObject({ code: 'KEY_RETIRED' });
    expect(names(await suspend(old.storage))).toEqual(['done']);
    await running.retired.stop();
  });
});

test('the status counts what this node has under each key, when it is asked to', async () => {
  const keysOf = async (count: boolean) => (await lifecycle().status({ count }, {})).keys;
  expect(await keysOf(true)).toContainEqual(expect.objectContaining({ keyId: old.storage, values: 3 }));
  await rewritten();
  expect(await keysOf(true)).toContainEqual(expect.objectContaining({ keyId: old.storage, values: 0 }));
  expect((await keysOf(false)).every(({ values }) => values === undefined)).toBe(true);
});
