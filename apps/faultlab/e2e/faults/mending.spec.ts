import { toUtf8 } from '@caisson/base';
import { override } from '@caisson/compliance';
import type { UntrustedStore, UntrustedStores } from '@caisson/contracts';
import { encodeHeader, VALUE_HEADER_BYTES, versionRange } from '@caisson/formats';
import { Lab } from './lab.js';
import type { LabNode } from './node.js';

let lab: Lab;
afterEach(() => lab.end());

/** Three nodes, of which a test can reach the stores. */
async function three(): Promise<void> {
  opened.length = 0;
  lab = await Lab.of(1, { stores: watch(() => lab.nodes[0]!) });
  for (const at of [1, 2]) await lab.grow('voter', { stores: watch(() => lab.nodes[at]!) });
}

function watch(whose: () => LabNode): (sound: UntrustedStores) => UntrustedStores {
  return (sound) =>
    override<UntrustedStores>(sound, {
      open: async (directory, signal) => {
        const store = await sound.open(directory, signal);
        if (directory.endsWith('/store')) opened.push({ whose, store });
        return store;
      },
    });
}

const opened: { readonly whose: () => LabNode; readonly store: UntrustedStore }[] = [];
const storeOf = (node: LabNode) => opened.filter(({ whose }) => whose() === node).at(-1)!.store;

/** The newest version of a key as a node stores it. */
async function versionOf(node: LabNode, key: string) {
  const view = storeOf(node).view();
  const [pair] = await view.scan(versionRange(toUtf8(key), toUtf8(`${key}\0`))).next({ pairs: 1 });
  await view.close();
  return { storeKey: pair!.key, stored: pair!.value.slice() };
}

type Edit = (stored: Uint8Array) => Uint8Array;

async function damage(node: LabNode, key: string, edit: Edit): Promise<void> {
  const { storeKey, stored } = await versionOf(node, key);
  await storeOf(node).batch().put(storeKey, edit(stored)).write({ sync: true });
}

const flipped: Edit = (stored) => stored.with(stored.length - 3, stored.at(-3)! ^ 4);

const expiring = encodeHeader({ tombstone: false, state: 'sealed', expireAt: 1n });
const EDITS: readonly (readonly [string, Edit])[] = [
  ['a flipped bit', flipped],
  ['a missing end', (stored) => stored.slice(0, VALUE_HEADER_BYTES + 20)],
  ['another header', (stored) => Uint8Array.from([...expiring, ...stored.slice(VALUE_HEADER_BYTES)])],
  ['another key id', (stored) => stored.with(VALUE_HEADER_BYTES + 3, stored[VALUE_HEADER_BYTES + 3]! ^ 1)],
];

/** Reads what is there to decide, so that every replica opens the value while it applies. */
async function swap(key: string, from: string, to: string): Promise<unknown> {
  const { kv } = await lab.led();
  const condition = { key: toUtf8(key), expect: { kind: 'value' as const, value: toUtf8(from) } };
  const mutations = [{ op: 'put' as const, key: toUtf8(key), value: toUtf8(to) }];
  return lab.settled(kv.write({ conditions: [condition], mutations }, {}));
}

const follower = () => lab.nodes.find((node) => node !== lab.leader)!;

test.each(EDITS)(
  '%s in a follower does not stop it: apply fetches the value from another member',
  async (_, edit) => {
    await three();
    await lab.write('a', 'first');
    await lab.even();
    const node = follower();
    await damage(node, 'a', edit);
    expect(['ENCRYPTED_READ_INTEGRITY', 'UNKNOWN_KEY_ID']).toContain(await lab.failure(lab.read(node, 'a')));
    await swap('a', 'first', 'second');
    await lab.even();
    for (const each of lab.nodes) {
      expect(each.fatal).toBeUndefined();
      expect(await lab.read(each, 'a')).toBe('second');
    }
    expect(lab.lines.join('\n')).toContain('replaced by that of another member');
    const [rows, ...others] = await Promise.all(lab.nodes.map((each) => lab.rows(each)));
    for (const other of others) expect(other).toEqual(rows);
  },
);

test('the leader too, and it stays so after a restart', async () => {
  await three();
  await lab.write('a', 'first');
  await lab.even();
  const leader = await lab.led();
  await damage(leader, 'a', flipped);
  await swap('a', 'first', 'second');
  await lab.even();
  expect(leader.fatal).toBeUndefined();
  leader.kill();
  await lab.settled(leader.start());
  await lab.even();
  expect(await lab.read(leader, 'a')).toBe('second');
});

test('where nobody who has it whole can be asked, the node halts, and says what was done to the value', async () => {
  await three();
  await lab.write('a', 'first');
  await lab.even();
  for (const node of lab.nodes) if (node !== lab.leader) await damage(node, 'a', flipped);
  const leader = await lab.led();
  const [one, other] = lab.nodes.filter((node) => node !== leader);
  lab.isolate(leader);
  await lab.until(
    'one of the others leads',
    () => [one!, other!].includes(lab.leader!) && lab.leader !== leader,
  );
  void swap('a', 'first', 'second').catch(() => undefined);
  await lab.until('both have stopped', () => one!.fatal !== undefined && other!.fatal !== undefined);
  expect(one!.fatal).toMatchObject({ code: 'APPLY_HALTED', details: { reason: 'ENCRYPTED_READ_INTEGRITY' } });
  expect(one!.fatal!.cause).toMatchObject({ details: { damage: 'bit rot' } });
});
