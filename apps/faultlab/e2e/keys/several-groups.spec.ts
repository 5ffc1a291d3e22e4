import { KeyLifecycleService } from '@caisson/contracts';
import { ENGINE } from '../../src/cluster/engine.js';
import { Lab } from '../faults/lab.js';
import type { LabNode } from '../faults/node.js';

const THREE = { engine: { ...ENGINE, groups: [1, 2, 5] } } as const;

let lab: Lab;
afterEach(() => lab.end());

async function pairs(node: LabNode): Promise<ReadonlySet<string>> {
  const { groups } = await node.host.get(KeyLifecycleService).status({}, {});
  return new Set(groups.map(({ activeStorageKey, activeRaftKey }) => `${activeStorageKey} ${activeRaftKey}`));
}

const isReady = ({ encryption }: LabNode) =>
  encryption.groups.length === 3 &&
  encryption.groups.every((group) => group.registered && group.storageEnvelopeActive);

async function oneReadyPair(node: LabNode): Promise<string> {
  await lab.until('every group seals and is registered', () => isReady(node));
  const [pair, ...others] = await pairs(node);
  expect([others, node.encryption.keys]).toMatchObject([[], { length: 2 }]);
  return pair!;
}

test('groups that are founded together begin with the same keys, and keep them', async () => {
  lab = await Lab.of(1, THREE);
  const [node] = lab.nodes;
  const pair = await oneReadyPair(node!);
  node!.kill();
  await lab.settled(node!.start());
  expect(await oneReadyPair(node!)).toBe(pair);
  await lab.write('after', 'the restart');
  expect(node!.fatal).toBeUndefined();
});

test('a group that is added later takes the keys that the others have in use', async () => {
  lab = await Lab.of(1, { ...THREE, engine: { ...ENGINE, groups: [1] } });
  const [node] = lab.nodes;
  await lab.order(node!.keys.rotate({ purpose: 'storage' }, {}));
  const [old] = await pairs(node!);
  node!.kill();
  await lab.settled(node!.start(THREE));
  await lab.until('every group seals and is registered', () => isReady(node!));
  expect([...(await pairs(node!))]).toEqual([old]);
  expect(node!.fatal).toBeUndefined();
});

test('a cluster born clear is given one pair for all groups, also by an order that broke off', async () => {
  lab = await Lab.of(1, { ...THREE, birth: 'clear' });
  const [node] = lab.nodes;
  const steps = node!.keys.enableStorageEnvelope({}, {});
  for (let said = await lab.settled(steps[Symbol.asyncIterator]().next()); !said.done; ) {
    if (said.value.step === 'done') break;
    said = await lab.settled(steps[Symbol.asyncIterator]().next());
  }
  node!.kill();
  await lab.settled(node!.start());
  await lab.order(node!.keys.enableStorageEnvelope({}, {}));
  await oneReadyPair(node!);
});

test('the first keys are made by an order of their own, which seals nothing and replaces nothing', async () => {
  lab = await Lab.of(1, { ...THREE, birth: 'clear' });
  const node = lab.nodes[0]!;
  const ids = () => node.encryption.keys.map(({ keyId }) => keyId);
  await lab.order(node.keys.bootstrap({ dryRun: true }, {}));
  expect(ids()).toEqual([]);
  await lab.order(node.keys.bootstrap({}, {}));
  const made = ids();
  expect(made).toHaveLength(2);
  const { groups } = await lab.settled(node.keys.status({}, {}));
  expect(groups.map(({ storageEnvelopeActive }) => storageEnvelopeActive)).toEqual([false, false, false]);
  await lab.order(node.keys.bootstrap({}, {}));
  await lab.order(node.keys.enableStorageEnvelope({}, {}));
  expect(ids()).toEqual(made);
  await oneReadyPair(node);
});

test('a key is ended in all groups or in none', async () => {
  lab = await Lab.of(1, THREE);
  const [node] = lab.nodes;
  await oneReadyPair(node!);
  const old = node!.encryption.keys.find(({ purpose }) => purpose === 'storage')!.keyId;
  await lab.write('before', 'the rotation');
  await lab.order(node!.keys.rotate({ purpose: 'storage' }, {}));
  expect(await lab.failure(lab.order(node!.keys.retire({ keyId: old }, {})))).toBe('KEY_STILL_REFERENCED');
  const states = () => node!.encryption.keys.filter(({ keyId }) => keyId === old).map(({ state }) => state);
  expect(states()).toEqual(['retiring']);
  await lab.settled(node!.keys.rewrite({ action: 'start', bytesPerSecond: 0 }, {}));
  let progress = await lab.settled(node!.keys.rewrite({ action: 'look' }, {}));
  for (; progress.some(({ state }) => state !== 'finished'); await lab.pass(10)) {
    progress = await lab.settled(node!.keys.rewrite({ action: 'look' }, {}));
  }
  await lab.order(node!.keys.retire({ keyId: old }, {}));
  expect(states()).toEqual(['suspended']);
  await lab.order(node!.keys.retire({ keyId: old, erase: true }, {}));
  expect(states()).toEqual([]);
  expect(await lab.read(node!, 'before')).toBe('the rotation');
});
