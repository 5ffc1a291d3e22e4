import type { KeyLifecycleStatus } from '@caisson/client';
import { printJson, printTable, type Output } from '../session/output.js';

type Group = KeyLifecycleStatus['groups'][number];

/** Which envelopes are in force in which group, and the keys. */
export function printKeyStatus(output: Output, status: KeyLifecycleStatus): void {
  if (output.json) return printJson(output, status);
  const { node, enabled, birth, envelopeVersion, groups, keys } = status;
  const written = enabled ? `on, writes envelope version ${envelopeVersion}` : 'OFF';
  output.out(`encryption ${written}; born ${birth}; as ${node} tells it\n`);
  printTable(
    output,
    ['group', 'leader', 'values', 'log', 'deletes', 'storage key', 'raft key', 'may seal'],
    groups.map((group) => [
      String(group.group),
      group.leader ?? '?',
      group.storageEnvelopeActive ? `sealed since ${group.storageEnvelopeCutoverIndex}` : 'CLEAR',
      group.raftEnvelopeCutoverIndex > 0 ? `sealed above ${group.raftEnvelopeCutoverIndex}` : 'CLEAR',
      group.sealedModeIndex === undefined ? 'CLEAR' : `sealed above ${group.sealedModeIndex}`,
      keyOf(group.activeStorageKey),
      keyOf(group.activeRaftKey),
      group.registered ? 'yes' : 'not yet',
    ]),
  );
  if (keys.length > 0)
    printTable(
      output,
      ['key', 'purpose', 'state', 'epoch here', 'values here'],
      keys.map(({ keyId, purpose, state, localEpoch, values }) => [
        keyOf(keyId),
        purpose,
        state,
        String(localEpoch),
        values === undefined ? '–' : String(values),
      ]),
    );
  const next = nextStep(enabled, groups);
  if (next !== undefined) output.out(`next: ${next}\n`);
}

function keyOf(keyId: number): string {
  return keyId === 0 ? '–' : String(keyId);
}

function nextStep(enabled: boolean, groups: readonly Group[]): string | undefined {
  if (!enabled) return 'configure a KEK and turn encryption on, on every node, one after the other';
  if (groups.some(({ storageEnvelopeActive }) => !storageEnvelopeActive))
    return 'caisson encryption enable-storage-envelope --dry-run';
  if (groups.some(({ raftEnvelopeCutoverIndex }) => raftEnvelopeCutoverIndex === 0))
    return 'caisson encryption enable-raft-envelope --dry-run';
  return undefined;
}
