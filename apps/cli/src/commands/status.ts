import { toHex } from '@caisson/base';
import type { NodeStatus } from '@caisson/client';
import type { Command } from 'commander';
import { addAction } from '../session/action.js';
import { addConnectionOptions, withClient, type ConnectionOptions } from '../session/connection.js';
import { printJson, printTable, type Output } from '../session/output.js';

export function addStatus(program: Command): void {
  const command = addConnectionOptions(
    program
      .command('status')
      .description('what a node says of itself: groups, members, encryption')
      .addHelpText('after', '\nExample:\n  $ caisson status --address 127.0.0.1:7700 --json'),
  );
  addAction<ConnectionOptions>(command, async ({ options, output, signal }) => {
    const status = await withClient(options, (client) => client.status({ signal }));
    if (output.json) printJson(output, { ...status, clusterId: toHex(status.clusterId) });
    else print(output, status);
  });
}

function print(output: Output, status: NodeStatus): void {
  const { encryption } = status;
  printTable(
    output,
    ['node', ''],
    [
      ['name', status.nodeName],
      ['version', status.version],
      ['cluster', toHex(status.clusterId)],
      ['ready', yesNo(status.ready)],
      ['encryption', encryption?.enabled ? `on, envelope version ${encryption.envelopeVersion}` : 'off'],
    ],
  );
  printTable(
    output,
    ['group', 'leads', 'applied', 'durable', 'refused', 'members', 'sealed values', 'sealed log from'],
    status.groups.map((group) => {
      const sealing = encryption?.groups.find((candidate) => candidate.group === group.id);
      return [
        String(group.id),
        yesNo(group.leads),
        String(group.applied),
        String(group.durable),
        String(group.refused),
        group.members.map(({ name, learner }) => (learner ? `${name} (learner)` : name)).join(', '),
        yesNo(sealing?.storageEnvelopeActive ?? false),
        sealing && sealing.raftEnvelopeCutoverIndex > 0n
          ? String(sealing.raftEnvelopeCutoverIndex + 1n)
          : '–',
      ];
    }),
  );
  if (!encryption || encryption.keys.length === 0) return;
  const rows = encryption.keys.map((key) => [
    String(key.keyId),
    key.purpose,
    key.state,
    String(key.localEpoch),
  ]);
  printTable(output, ['key', 'purpose', 'state', 'epoch'], rows);
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}
