import { MemoryLogs } from '@caisson/compliance';
import type { RaftLog } from '@caisson/contracts';
import { decodeGenesis, decodeProposal } from '@caisson/formats';
import { random } from '../testdata/snapshot-node.js';
import { beginRestoredLog, firstEntryAfter } from './first-entry.js';

const identity = {
  name: 's1',
  clusterId: new Uint8Array(16).fill(9),
  format: 1,
  birth: 'encrypted',
} as const;
const backedUp = { group: 1, index: 40, term: 6 };

async function begun(): Promise<RaftLog> {
  const log = await new MemoryLogs().open('/log');
  await beginRestoredLog(log, backedUp, { identity, random });
  return log;
}

test('the log begins behind the backup with a clear, committed genesis of the new cluster', async () => {
  const log = await begun();
  expect(log).toMatchObject({ start: { index: 40, term: 6 }, last: 41 });
  expect(log.hardState).toMatchObject({ term: 7, commit: 41 });
  const [entry] = await log.read(41, 41, 1000);
  expect(entry).toMatchObject({ ...firstEntryAfter(backedUp), kind: 'normal' });
  const proposal = decodeProposal(entry!.data);
  expect(proposal.kind).toBe('clear');
  const { clusterId, group, founder } = decodeGenesis(proposal.body);
  expect({ clusterId, group, name: founder?.name }).toEqual({
    clusterId: identity.clusterId,
    group: 1,
    name: 's1',
  });
});

test('a log that has entries is nobody’s to begin anew', async () => {
  const log = await begun();
  await expect(beginRestoredLog(log, backedUp, { identity, random })).rejects.toThrow('NODE-31');
});
