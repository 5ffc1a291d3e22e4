import { toUtf8 } from '@caisson/base';
import { override } from '@caisson/compliance';
import type { UntrustedStore } from '@caisson/contracts';
import { splitValue, TOMBSTONE, versionRange } from '@caisson/formats';
import { FORGETFUL_ENGINE } from '../../src/cluster/engine.js';
import { Lab } from './lab.js';
import type { LabNode, Setting } from './node.js';
import { backUp, restored } from './second-cluster.js';

let lab: Lab;
const stores = new Map<string, UntrustedStore>();
afterEach(() => lab.end());

/** The store of a node, below its doors, within reach of the test. */
const reached = (name: string): Partial<Setting> => ({
  stores: (sound) =>
    override(sound, {
      open: async (directory, signal) => {
        const store = await sound.open(directory, signal);
        if (directory.endsWith('/store')) stores.set(name, store);
        return store;
      },
    }),
});

async function cluster(): Promise<void> {
  lab = await Lab.of(1, { engine: FORGETFUL_ENGINE, ...reached('n1') });
  for (const name of ['n2', 'n3']) await lab.grow('voter', reached(name));
}

async function sealMode(dryRun = false): Promise<readonly string[]> {
  const { keys } = await lab.led();
  return lab.order(keys.sealMode({ dryRun }, {}));
}

async function remove(key: string): Promise<void> {
  const { kv } = await lab.led();
  await lab.settled(kv.write({ mutations: [{ op: 'delete', key: toUtf8(key) }] }, {}));
}

/** The versions of a key as a node stores them, the newest first. */
async function versions({ name }: LabNode, key: string) {
  const view = stores.get(name)!.view();
  const pairs = await view.scan(versionRange(toUtf8(key), toUtf8(`${key}\0`))).next({ pairs: 9 });
  await view.close();
  return pairs;
}

async function plant({ name }: LabNode, key: Uint8Array, stored: Uint8Array): Promise<void> {
  await stores.get(name)!.batch().put(key, stored).write({ sync: true });
}

const headerOf = (stored: Uint8Array) => splitValue(stored).header;

test('every replica seals deletes from one entry on, and none of them takes a clear one', async () => {
  await cluster();
  for (const key of ['a', 'b', 'c']) await lab.write(key, 'value');
  await remove('b');
  expect(await sealMode(true)).toContain('sealing');
  expect(await sealMode()).toContain('done');
  await remove('a');
  await lab.even();
  for (const node of lab.nodes) {
    const [before, after] = [await versions(node, 'b'), await versions(node, 'a')];
    expect(headerOf(before[0]!.value)).toMatchObject({ tombstone: true, state: 'clear' });
    expect(headerOf(after[0]!.value)).toMatchObject({ tombstone: true, state: 'sealed' });
    expect(await lab.read(node, 'a')).toBeUndefined();
    expect(await lab.read(node, 'b')).toBeUndefined();
    await plant(node, after[0]!.key, TOMBSTONE);
    expect(await lab.failure(lab.read(node, 'a'))).toBe('ENCRYPTED_READ_INTEGRITY');
    await plant(node, after[0]!.key, after[0]!.value);
  }
});

test('it is in the snapshot that a node joins by, and in a backup that becomes another cluster', async () => {
  await cluster();
  await sealMode();
  for (let at = 0; at < 40; at++) await lab.write(`k${at}`, 'value');
  await remove('k0');
  const late = await lab.grow('learner', reached('n4'));
  await lab.even();
  expect(lab.lines.join('\n')).toContain('n4: installed a snapshot');
  const { key } = (await versions(late, 'k0'))[0]!;
  await plant(late, key, TOMBSTONE);
  expect(await lab.failure(lab.read(late, 'k0'))).toBe('ENCRYPTED_READ_INTEGRITY');

  const backup = await backUp(lab, lab.node('n2'));
  lab.end();
  const other = new Lab({ clusterId: new Uint8Array(16).fill(9), ...reached('m1') });
  lab = other;
  const node = other.add('m1', { media: await restored(backup, { ...identityOf('m1', 9) }, 1) });
  await other.settled(node.start());
  expect(await other.read(node, 'k1')).toBe('value');
  expect(await other.read(node, 'k0')).toBeUndefined();
  await remove('k1');
  expect(headerOf((await versions(node, 'k1'))[0]!.value)).toMatchObject({ state: 'sealed' });
  await plant(node, key, TOMBSTONE);
  expect(await other.failure(other.read(node, 'k0'))).toBe('ENCRYPTED_READ_INTEGRITY');
});

function identityOf(name: string, cluster: number) {
  return { name, clusterId: new Uint8Array(16).fill(cluster), format: 1, birth: 'encrypted' as const };
}
