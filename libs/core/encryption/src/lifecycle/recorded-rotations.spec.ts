import { type AuditedOrder, type AuditService, CaissonError, type KeyProgress } from '@caisson/contracts';
import { RecordedRotations } from './recorded-rotations.js';

function bench() {
  const said: string[] = [];
  const failures: CaissonError[] = [];
  const audit: Pick<AuditService, 'begin'> = {
    async begin({ what, who, detail }: AuditedOrder) {
      said.push(`begun ${what} by ${who}: ${detail}`);
      return { end: async (result) => void said.push(`ended ${result}`) };
    },
  };
  const rotations = {
    async *rotate(): AsyncGenerator<KeyProgress> {
      const failure = failures.shift();
      said.push(failure ? 'failed' : 'rotated');
      if (failure) throw failure;
      yield { group: 1, step: 'done', keyId: 9 };
    },
  };
  const directory = {
    identity: { name: 'n1', clusterId: new Uint8Array(16), birth: 'clear', format: 1 },
  } as const;
  return { said, failures, recorded: new RecordedRotations(rotations, audit as AuditService, directory) };
}

async function follow(steps: AsyncIterable<KeyProgress>): Promise<readonly string[]> {
  const seen: string[] = [];
  for await (const { step } of steps) seen.push(step);
  return seen;
}

test('a rotation that the node orders itself is on record in its name', async () => {
  const { recorded, said } = bench();
  expect(await follow(recorded.rotate({ purpose: 'raft', from: [3] }, {}))).toEqual(['done']);
  expect(said).toEqual(['begun encryption.rotate by node n1: purpose=raft from=[3]', 'rotated', 'ended ok']);
});

test('attempts at one rotation are one order, which stays open until one of them succeeds', async () => {
  const { recorded, said, failures } = bench();
  failures.push(new CaissonError('KEK_UNREACHABLE'), new CaissonError('KEK_UNREACHABLE'));
  for (let attempt = 0; attempt < 2; attempt++)
    await expect(follow(recorded.rotate({ purpose: 'raft', from: [3] }, {}))).rejects.toThrow(
      'KEK_UNREACHABLE',
    );
  await follow(recorded.rotate({ purpose: 'raft', from: [3] }, {}));
  expect(said.map((word) => word.split(' ')[0])).toEqual(['begun', 'failed', 'failed', 'rotated', 'ended']);
  await follow(recorded.rotate({ purpose: 'raft', from: [9] }, {}));
  expect(said.filter((word) => word.startsWith('begun'))).toHaveLength(2);
});
