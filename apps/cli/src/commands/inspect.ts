import { toHex } from '@caisson/base';
import { CaissonError } from '@caisson/contracts';
import type { Command } from 'commander';
import { resolve } from 'node:path';
import type { EntryView, OfflineNode, ValueView } from '../data/offline-node.js';
import { addAction, type ActionContext } from '../session/action.js';
import { bytesField, printable, printJson, printTable } from '../session/output.js';

interface InspectOptions {
  readonly dataDir: string;
  readonly kekFile?: string;
  readonly values?: boolean;
  readonly entries?: boolean;
  readonly group: string;
  readonly limit: string;
}

/** `inspect`: what lies in the directory of a node that does not run. */
export function addInspect(program: Command): void {
  const command = program
    .command('inspect')
    .description(
      'look into the directory of a stopped node; values only with the KEK; exit 65 when something is damaged',
    )
    .requiredOption('--data-dir <path>', 'directory of the node')
    .option('--kek-file <path>', 'open what is sealed with this KEK')
    .option('--values', 'list the versions of keys')
    .option('--entries', 'list the entries of the log')
    .option('--group <id>', 'group to look into', '1')
    .option('--limit <n>', 'at most so many rows', '50')
    .addHelpText(
      'after',
      '\nExamples:\n  $ caisson inspect --data-dir ./data\n  $ caisson inspect --data-dir ./data --kek-file kek.key --values --json',
    );
  addAction<InspectOptions>(command, async (context) => {
    const { options } = context;
    const kekPath = options.kekFile === undefined ? {} : { kekPath: resolve(options.kekFile) };
    const { OfflineNode } = await import('../data/offline-node.js');
    const node = await OfflineNode.open({
      dataDir: resolve(options.dataDir),
      group: Number(options.group),
      ...kekPath,
    });
    try {
      if (options.values) return await listValues(node, context);
      if (options.entries) return await listEntries(node, context);
      return await summarise(node, context);
    } finally {
      await node.close();
    }
  });
}

async function summarise(node: OfflineNode, { output }: ActionContext<InspectOptions>): Promise<number> {
  const summary = await node.summary();
  const { identity, sidecarMac, keyIds, ...counts } = summary;
  const { name, clusterId, birth, format } = identity;
  const fields = { name, cluster: toHex(clusterId), birth, format, sidecarMac, keyIds, ...counts };
  if (output.json) printJson(output, fields);
  else
    printTable(
      output,
      ['what', ''],
      Object.entries(fields).map(([what, value]) => [what, String(value)]),
    );
  return summary.damaged > 0 || sidecarMac === 'wrong' ? new CaissonError('CORRUPTION').entry.exit : 0;
}

async function listValues(
  node: OfflineNode,
  { output, options }: ActionContext<InspectOptions>,
): Promise<number> {
  let damaged = 0;
  for await (const view of node.values(Number(options.limit))) {
    if (view.problem) damaged++;
    if (output.json) printJson(output, jsonOfValue(view));
    else output.out(`${lineOfValue(view)}\n`);
  }
  return damaged > 0 && options.kekFile !== undefined ? new CaissonError('CORRUPTION').entry.exit : 0;
}

function jsonOfValue({ key, value, commitTs, expireAt, state, keyId, problem }: ValueView): object {
  return {
    ...bytesField('key', key),
    commitTs,
    ...(expireAt > 0n && { expireAt }),
    state,
    ...(keyId !== undefined && { keyId }),
    ...(value && bytesField('value', value)),
    ...(problem && { problem }),
  };
}

function lineOfValue({ key, value, commitTs, state, keyId, problem }: ValueView): string {
  const sealed = keyId === undefined ? state : `${state} under ${keyId}`;
  return [printable(key), String(commitTs), sealed, problem ?? (value ? printable(value) : '')].join('\t');
}

async function listEntries(
  node: OfflineNode,
  { output, options }: ActionContext<InspectOptions>,
): Promise<number> {
  for await (const view of node.entries(Number(options.limit))) {
    if (output.json) printJson(output, view);
    else output.out(`${lineOfEntry(view)}\n`);
  }
  return 0;
}

function lineOfEntry({ index, term, kind, keyId, what, bytes, problem }: EntryView): string {
  const sealed = keyId === undefined ? kind : `${kind} under ${keyId}`;
  return [String(index), `term ${term}`, sealed, problem ?? what ?? '', `${bytes} bytes`].join('\t');
}
