import { ERRORS } from '@caisson/contracts';
import { connect } from '@caisson/client';
import { type ClusterNode, ClusterPlayground, NodeEndedError } from '../src/index.js';
import { flipped, tamper } from './tampering.js';

let playground: ClusterPlayground;
beforeEach(async () => void (playground = await ClusterPlayground.create()));
afterEach(() => playground.remove());

/** Damages the oldest version there is, which is the one that was compared with. */
const damageOldest = (node: ClusterNode) =>
  tamper(node.dataDir, (rows) => {
    const { key, value } = rows.at(-1)!;
    return [{ key, value: flipped(value, value.length - 1) }];
  });

test('a member that cannot apply an entry says where and why, ends, and replays the same entry; the others go on', async () => {
  const n1 = await playground.found('n1');
  const n2 = await playground.join('n2', n1);
  const n3 = await playground.join('n3', n1);
  const tls = await playground.clientTls('app');
  const client = connect({ address: [n1.ports.client, n2.ports.client], tls });
  await client.put('a', 'one');
  const { position } = await playground.digestOf(n1);
  await playground.digestOf(n3, position);
  await n3.end('SIGTERM');
  await damageOldest(n3);
  // To be compared with, the value has to be read where the entry is applied.
  const compared = await client.write({
    mutations: [{ op: 'put', key: Buffer.from('a'), value: Buffer.from('two') }],
    conditions: [{ key: Buffer.from('a'), expect: { kind: 'value', value: Buffer.from('one') } }],
  });
  expect(compared).toMatchObject({ kind: 'committed' });
  // A member would fetch the value from another one: none may have it any more.
  for (const node of [n1, n2]) {
    await node.end('SIGTERM');
    await damageOldest(node);
    await node.start();
  }
  for (let start = 1; start <= 2; start++) {
    const { exitCode, text } = await endOf(
      () => n3.start(),
      () => n3.process.exited(),
      () => n3.process.log,
    );
    expect(exitCode).toBe(ERRORS.ENCRYPTED_READ_INTEGRITY.exit);
    const line = text.split('\n').find((each) => each.includes('"msg":"apply halted"'));
    expect(JSON.parse(line!)).toMatchObject({
      group: 1,
      index: expect.any(Number),
      term: expect.any(Number),
      error: {
        details: {
          reason: 'ENCRYPTED_READ_INTEGRITY',
          nextStep: ERRORS.ENCRYPTED_READ_INTEGRITY.wayOut,
        },
      },
    });
    expect(text).toMatch(/^caissond: APPLY_HALTED: .*group=1, index=\d+, term=\d+/m);
  }
  await client.put('b', 'the others go on');
  expect(Buffer.from((await client.get('a'))!).toString()).toBe('two');
  client.close();
}, 300_000);

/** How a process ended that may or may not have served before. */
async function endOf(
  start: () => Promise<void>,
  exited: () => Promise<number | null>,
  log: () => string,
): Promise<{ exitCode: number | null; text: string }> {
  try {
    await start();
  } catch (error) {
    if (error instanceof NodeEndedError) return { exitCode: error.exitCode, text: error.lines.join('\n') };
    throw error;
  }
  return { exitCode: await exited(), text: log() };
}
