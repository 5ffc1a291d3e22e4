/** The record of orders on a cluster of real processes with an authority of its own. */
import { ClusterPlayground, runCli, type ClusterNode } from '../src/index.js';

let playground: ClusterPlayground;
beforeEach(async () => void (playground = await ClusterPlayground.create()));
afterEach(() => playground.remove());

interface Line {
  readonly kind: string;
  readonly who: string;
  readonly node: string;
  readonly what: string;
  readonly result: string;
  readonly hash: string;
}

async function linesBy(node: ClusterNode): Promise<readonly Line[]> {
  const { stdout } = await playground.run(node, 'audit', 'log', '--json');
  return stdout
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);
}

test('every member has the record, whoever was asked and however it came to the member', async () => {
  const n1 = await playground.found('n1');
  const n2 = await playground.join('n2', n1);
  const n3 = await playground.join('n3', n1);
  const leader = await playground.leaderBy(n1);
  const follower = [n1, n2, n3].find(({ name }) => name !== leader)!;

  // Carried out on the node that is asked, which has to have its lines committed by the leader.
  expect((await playground.run(follower, 'encryption', 'rewrite')).exitCode).toBe(0);
  // Sent on to the leader.
  expect((await playground.run(follower, 'encryption', 'rotate-dek', '--purpose', 'raft')).exitCode).toBe(0);
  // By somebody who may not.
  const app = ['--address', n1.ports.client, ...playground.tlsFlags('app')];
  expect((await runCli(['encryption', 'rotate-dek', '--purpose', 'raft', ...app])).exitCode).not.toBe(0);

  let lines = await linesBy(n1);
  while (!lines.some(({ kind }) => kind === 'refused')) lines = await linesBy(n1);
  const of = (what: string) =>
    lines
      .filter((line) => line.what === what)
      .map(({ kind, node, result }) => `${kind} ${node} ${result}`.trim());
  expect(of('cluster.add')).toEqual([`begun n1`, 'ended n1 ok', 'begun n1', 'ended n1 ok']);
  expect(of('encryption.rewrite')).toEqual([`begun ${follower.name}`, `ended ${follower.name} ok`]);
  expect(of('encryption.rotate')).toEqual(
    expect.arrayContaining([`begun ${leader}`, `ended ${leader} ok`, 'refused n1 PERMISSION_DENIED']),
  );
  const callers = new Set(lines.map(({ kind, who }) => `${kind === 'refused' ? 'refused ' : ''}${who}`));
  expect(callers).toEqual(new Set(['certificate ops', 'refused certificate app']));

  const verified = await playground.run(follower, 'audit', 'verify', '--json');
  const members = verified.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect([verified.exitCode, members.map(({ member, whole }) => [member, whole])]).toEqual([
    0,
    ['n1', 'n2', 'n3'].map((name) => [name, true]),
  ]);
}, 180_000);
