import { toHex, toUtf8 } from '@caisson/base';
import { BackupService, type KeyBlocker, type KeyProgress } from '@caisson/contracts';
import { decodeKeyState, SYSTEM_KEYS } from '@caisson/formats';
import { ENGINE } from '../../src/cluster/engine.js';
import { Lab } from '../faults/lab.js';
import type { LabNode } from '../faults/node.js';
import { backUp, restored } from '../faults/second-cluster.js';

const KEYS = 40;

let lab: Lab;
/** The storage key and the Raft key that everything was sealed under first. */
let first: { readonly storage: number; readonly raft: number };
afterEach(() => lab.end());

const keyOf = (node: LabNode, purpose: 'storage' | 'raft') =>
  node.encryption.keys.find((key) => key.purpose === purpose)!.keyId;
const stateOn = ({ encryption }: LabNode, id: number) =>
  encryption.keys.find(({ keyId }) => keyId === id)?.state;
const states = (id: number) => lab.nodes.map((node) => stateOn(node, id));

/** Three voters and a learner that have values under two storage keys. */
async function rotated(): Promise<void> {
  lab = await Lab.of(3);
  await lab.grow('learner');
  const [n1] = lab.nodes;
  first = { storage: keyOf(n1!, 'storage'), raft: keyOf(n1!, 'raft') };
  await lab.writeAll(new Map(Array.from({ length: KEYS }, (_, at) => [`k${at}`, `value ${at}`])));
  for (const purpose of ['storage', 'raft'] as const) await lab.rotate(purpose);
  await lab.write('after', 'the rotation');
  await lab.even();
}

async function rewrite(node: LabNode): Promise<void> {
  const ask = (action: 'start' | 'look') => lab.settled(node.keys.rewrite({ action, bytesPerSecond: 0 }, {}));
  let progress = await ask('start');
  for (; progress.some(({ state }) => state !== 'finished'); await lab.pass(10)) progress = await ask('look');
}

async function retire(order: {
  readonly keyId: number;
  readonly erase?: boolean;
  readonly dryRun?: boolean;
}) {
  const { keys } = await lab.led();
  return lab.settled(follow(keys.retire(order, {})));
}

async function resume(keyId: number): Promise<void> {
  const { keys } = await lab.led();
  await lab.settled(follow(keys.resume({ keyId }, {})));
}

async function follow(steps: AsyncIterable<KeyProgress>): Promise<readonly KeyProgress[]> {
  const all: KeyProgress[] = [];
  for await (const step of steps) all.push(step);
  return all;
}

async function blockers(keyId: number): Promise<readonly KeyBlocker[]> {
  const steps = await retire({ keyId, dryRun: true });
  return steps.flatMap(({ blockers: each = [] }) => each);
}

const shortly = (found: readonly KeyBlocker[]) => found.map(({ member, what }) => `${member} ${what}`).sort();

async function readAll(node: LabNode): Promise<number> {
  const pairs = await lab.pairs(node);
  return Array.from({ length: KEYS }).filter((_, at) => pairs.get(`k${at}`) === `value ${at}`).length;
}

/** Everything in a node's store, in hexadecimal digits. */
const storedText = async (node: LabNode) => [...(await lab.rows(node)).values()].join();

async function wrappedBytes({ group }: LabNode, id: number): Promise<string> {
  const { keys } = decodeKeyState((await group.store.get(SYSTEM_KEYS.keyState))!);
  return toHex(keys.find(({ keyId }) => keyId === id)!.container);
}

/** Whether the key file of a node names the key. */
async function isOnDisk(node: LabNode, id: number): Promise<boolean> {
  const sidecar = await node.media.disk.read('/data/encryption/keys.json', 1 << 20);
  return Buffer.from(sidecar!).toString().includes(`"${id}"`);
}

test('a key is ended once no member, voter or learner, has anything under it', async () => {
  await rotated();
  const [n1, n2, n3, n4] = lab.nodes;
  expect(await blockers(first.storage)).toMatchObject(
    ['n1', 'n2', 'n3', 'n4'].map((member) => ({ member, what: 'values', count: KEYS })),
  );
  for (const node of [n1, n2, n3]) await rewrite(node!);
  expect(await blockers(first.storage)).toMatchObject([{ member: 'n4', what: 'values', count: KEYS }]);
  expect(await lab.failure(retire({ keyId: first.storage }))).toBe('KEY_STILL_REFERENCED');
  expect(states(first.storage)).toEqual(['retiring', 'retiring', 'retiring', 'retiring']);
  await rewrite(n4!);

  const wrapped = await wrappedBytes(n1!, first.storage);
  for (const node of lab.nodes) expect(await storedText(node)).toContain(wrapped);
  await retire({ keyId: first.storage });
  await lab.even();
  expect(states(first.storage)).toEqual(['suspended', 'suspended', 'suspended', 'suspended']);
  await resume(first.storage);
  await lab.even();
  expect(states(first.storage)).toEqual(['retiring', 'retiring', 'retiring', 'retiring']);
  await retire({ keyId: first.storage });
  const told = await retire({ keyId: first.storage, erase: true });
  expect(told.findLast(({ step }) => step === 'erasing')).toMatchObject({ blockers: [] });
  expect(states(first.storage)).toEqual([undefined, undefined, undefined, undefined]);
  for (const node of lab.nodes) {
    expect([await isOnDisk(node, first.storage), await readAll(node)]).toEqual([false, KEYS]);
  }
  for (const node of lab.nodes) expect(await storedText(node)).not.toContain(wrapped);
  const rows = await storedText(n1!);
  const id = toHex(Uint8Array.of(...[24, 16, 8, 0].map((shift) => (first.storage >>> shift) & 0xff)));
  // Its id, remembered for ever, and nothing more.
  expect(rows.split(id)).toHaveLength(2);
});

test('members that cannot be reached, or lag behind, stand in the way until they are back', async () => {
  await rotated();
  for (const node of lab.nodes) await rewrite(node);
  const leader = await lab.led();
  const away = lab.nodes.find((node) => node !== leader)!;
  lab.isolate(away);
  const found = await blockers(first.storage);
  expect(shortly(found)).toEqual([`${away.name} unreachable`]);
  expect(await lab.failure(retire({ keyId: first.storage }))).toBe('KEY_STILL_REFERENCED');
  lab.heal();
  await lab.even();
  await retire({ keyId: first.storage });
  expect(stateOn(leader, first.storage)).toBe('suspended');
});

test('a node that starts again after the end opens everything, and one that joins needs no old key', async () => {
  await rotated();
  for (const node of lab.nodes) await rewrite(node);
  await retire({ keyId: first.storage });
  await retire({ keyId: first.storage, erase: true });
  await lab.even();
  const follower = lab.nodes.find((node) => node !== lab.leader)!;
  follower.kill();
  await lab.settled(follower.start());
  const joined = await lab.grow();
  await lab.even();
  for (const node of [follower, joined]) {
    expect([await readAll(node), node.fatal]).toEqual([KEYS, undefined]);
  }
  expect(stateOn(joined, first.storage)).toBeUndefined();
});

test('a leader that dies between suspension and end leaves a key that its successor ends or brings back', async () => {
  await rotated();
  for (const node of lab.nodes) await rewrite(node);
  await retire({ keyId: first.storage });
  const leader = await lab.led();
  leader.kill();
  await lab.led();
  expect(shortly(await blockers(first.storage))).toEqual([]);
  expect(await lab.failure(retire({ keyId: first.storage, erase: true }))).toBe('KEY_STILL_REFERENCED');
  await lab.settled(leader.start());
  await lab.even();
  await retire({ keyId: first.storage, erase: true });
  await lab.even();
  expect(states(first.storage)).toEqual([undefined, undefined, undefined, undefined]);
});

test('a Raft key is ended once the log of every member has left it behind', async () => {
  await rotated();
  const found = await blockers(first.raft);
  expect(shortly(found)).toEqual(['n1 log', 'n2 log', 'n3 log', 'n4 log']);
  expect(await lab.failure(retire({ keyId: first.raft }))).toBe('RAFT_DEK_WAL_STILL_REFERENCES');
  const { keys } = await lab.led();
  await lab.settled(follow(keys.scrub({}, {})));
  expect(await blockers(first.raft)).toEqual([]);
  await retire({ keyId: first.raft });
  await lab.write('while', 'it is suspended');
  await retire({ keyId: first.raft, erase: true });
  await lab.even();
  expect(states(first.raft)).toEqual([undefined, undefined, undefined, undefined]);
  for (const node of lab.nodes) {
    node.kill();
    await lab.settled(node.start());
  }
  await lab.write('afterwards', 'all is well');
  await lab.even();
  for (const node of lab.nodes) expect([await readAll(node), node.fatal]).toEqual([KEYS, undefined]);
});

test('in sealed mode deletes are under a key as well, and follow it to its end', async () => {
  lab = await Lab.of(1);
  const [node] = lab.nodes;
  await lab.order(node!.keys.sealMode({}, {}));
  const old = keyOf(node!, 'storage');
  await lab.write('kept', 'a value');
  await lab.write('gone', 'another');
  const mutations = [{ op: 'delete' as const, key: toUtf8('gone') }];
  await lab.settled(node!.kv.write({ mutations }, {}));
  await lab.rotate('storage');
  expect(await blockers(old)).toMatchObject([{ what: 'values', count: 3 }]);
  await rewrite(node!);
  await retire({ keyId: old });
  await retire({ keyId: old, erase: true });
  expect([...(await lab.pairs(node!))]).toEqual([['kept', 'a value']]);
  expect(node!.fatal).toBeUndefined();
});

test('a backup that was finished before the end of its keys is as good afterwards', async () => {
  await rotated();
  const [n1] = lab.nodes;
  const before = await lab.pairs(n1!);
  const backup = await backUp(lab, n1!);
  for (const node of lab.nodes) await rewrite(node);
  await retire({ keyId: first.storage });
  await retire({ keyId: first.storage, erase: true });
  lab.end();
  const clusterId = new Uint8Array(16).fill(8);
  const identity = { name: 'n1', clusterId, format: 1, birth: 'encrypted' } as const;
  lab = new Lab({ clusterId });
  const node = lab.add('n1', { media: await restored(backup, identity, 1) });
  await lab.settled(node.start());
  expect(await lab.pairs(node)).toEqual(before);
});

test('a backup that is being taken keeps its keys until its end, and no longer', async () => {
  await rotated();
  const leader = await lab.led();
  const parts = leader.host.get(BackupService).create({})[Symbol.asyncIterator]();
  await lab.settled(parts.next());
  for (const node of lab.nodes) await rewrite(node);
  expect(shortly(await blockers(first.storage))).toEqual([`${leader.name} backup`]);
  expect(await lab.failure(retire({ keyId: first.storage }))).toBe('KEY_STILL_REFERENCED');
  await lab.settled(parts.return!());
  expect(await blockers(first.storage)).toEqual([]);
});

test('a member that is sent a state while the key is ended reads all of it', async () => {
  lab = await Lab.of(3, { engine: { ...ENGINE, compaction: { entries: 4, keepEntries: 1 } } });
  first = { storage: keyOf(lab.nodes[0]!, 'storage'), raft: keyOf(lab.nodes[0]!, 'raft') };
  await lab.writeAll(new Map(Array.from({ length: KEYS }, (_, at) => [`k${at}`, `value ${at}`])));
  await lab.rotate('storage');
  await lab.even();
  const leader = await lab.led();
  const away = lab.nodes.find((node) => node !== leader)!;
  away.kill();
  for (let at = 0; at < 20; at++) await lab.write('filler', `${at}`);
  for (const node of lab.up) await rewrite(node);
  // Given at once: whether it finds the member behind, receiving, or done, it must not lose anything.
  await lab.settled(away.start());
  expect(['nothing failed', 'KEY_STILL_REFERENCED']).toContain(
    await lab.failure(retire({ keyId: first.storage })),
  );
  await lab.even();
  await rewrite(away);
  await retire({ keyId: first.storage });
  await retire({ keyId: first.storage, erase: true });
  await lab.even();
  expect(states(first.storage)).toEqual([undefined, undefined, undefined]);
  for (const node of lab.nodes) expect([await readAll(node), node.fatal]).toEqual([KEYS, undefined]);
});
