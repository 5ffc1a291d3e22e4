import { caisson } from '../testdata/scripted-cluster.js';
import { ScriptedMember } from '../testdata/scripted-member.js';

const nodes: ScriptedMember[] = [];
afterEach(() => nodes.splice(0).forEach((node) => node.stop()));

/** Two members, each with its configuration. */
async function cluster(...configured: readonly (readonly string[])[]): Promise<readonly ScriptedMember[]> {
  for (const [at, keyRefs] of configured.entries())
    nodes.push(await new ScriptedMember(`n${at + 1}`, keyRefs).start());
  for (const node of nodes) node.members = nodes;
  return nodes;
}

test('add lets every member read its configuration, first to try it, and has the leader prove each KEK', async () => {
  const [n1, n2] = (await cluster(['aa', 'bb'], ['aa', 'bb'])) as [ScriptedMember, ScriptedMember];
  const { exitCode, notes } = await caisson('kek', 'add', 'file:bb', '--address', n1.address);
  expect([exitCode, notes]).toEqual([0, expect.stringContaining('n2 names file:aa, file:bb')]);
  expect(n2.orders).toEqual([
    ['reload', { dryRun: true }],
    ['reload', { dryRun: false }],
  ]);
  expect(n1.orders).toEqual([...n2.orders, ['rewrap', { dryRun: false, everyKek: true }]]);
});

test('a dry run leaves every member as it is', async () => {
  const [n1] = (await cluster(['aa'], ['aa'])) as [ScriptedMember];
  const { exitCode } = await caisson('kek', 'add', '--dry-run', '--address', n1.address);
  expect(exitCode).toBe(0);
  expect(n1.orders).toEqual([
    ['reload', { dryRun: true }],
    ['rewrap', { dryRun: true, everyKek: true }],
  ]);
});

test('members that name different KEKs are told, and nothing is ordered', async () => {
  const [n1, n2] = (await cluster(['aa', 'bb'], ['aa'])) as [ScriptedMember, ScriptedMember];
  for (const words of [['add'], ['add', 'file:bb'], ['remove', 'file:cc']]) {
    const { exitCode, notes } = await caisson('kek', ...words, '--address', n1.address);
    expect([exitCode, notes]).toEqual([78, expect.stringMatching(/KEK_NOT_IN_CONFIGURATION.*n2/)]);
  }
  const still = await caisson('kek', 'remove', 'file:aa', '--address', n1.address);
  expect([still.exitCode, still.notes]).toEqual([78, expect.stringMatching(/KEK_IN_CONFIGURATION.*n1.*n2/)]);
  for (const { orders } of [n1, n2])
    expect(
      orders.every(([name, request]) => name === 'reload' && (request as { dryRun: boolean }).dryRun),
    ).toBe(true);
});
