import { CaissonError } from '@caisson/contracts';
import type { Command } from 'commander';
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { DiskReport, SignedReport } from '../data/disk-audits.js';
import { type ActionContext, addAction, EXIT } from '../session/action.js';
import { type Output, printJson, printTable } from '../session/output.js';
import { Progress } from '../session/progress.js';

interface DiskOptions {
  readonly kekFile: readonly string[];
  readonly needleFile?: string;
  readonly out?: string;
  readonly check?: string;
}

type Group = DiskReport['groups'][number];

const now = () => performance.now();
const collect = (path: string, before: readonly string[]) => [...before, resolve(path)];
/** Opens databases, and is loaded for that alone. */
const disks = () => import('../data/disk-audits.js');

export function addAuditDisk(audit: Command): void {
  const command = audit
    .command('disk')
    .description(
      'prove what the disk of a stopped node, a copy of one, or a backup holds; changes nothing there',
    )
    .argument('<folder>', 'directory of the node, or folder of the backup')
    .option(
      '--kek-file <path>',
      'open every sealed value and log entry with this KEK; repeat for several',
      collect,
      [],
    )
    .option('--needle-file <path>', 'search every file for these: one a line, text or hex:…')
    .option('--out <path>', 'write the report as JSON, signed when a KEK is given')
    .option('--check <report>', 'do not look: say whether a report written before was signed with these keys')
    .addHelpText(
      'after',
      `
Exit 65 when something is found: a needle, a value or entry that is damaged or clear where it must not be, a
sidecar, a store, a log or a record of orders that is not whole. Keys of users are stored clear.

Examples:
  $ caisson audit disk ./data --kek-file kek.key --needle-file canaries.txt
  $ caisson audit disk ./backup --kek-file kek.key --out report.json
  $ caisson audit disk ./data --kek-file kek.key --check report.json`,
    );
  addAction<DiskOptions>(command, ({ options, ...context }) =>
    options.check === undefined
      ? look({ options, ...context })
      : check({ options, ...context }, options.check),
  );
}

async function look({ args, options, output, signal }: ActionContext<DiskOptions>): Promise<number> {
  const { auditDisk, readNeedles } = await disks();
  const needles = options.needleFile === undefined ? [] : await readNeedles(resolve(options.needleFile));
  const files = new Progress(output, { unit: 'bytes of files', now, total: 1 });
  const rows = new Progress(output, { unit: 'bytes of rows', now });
  try {
    const signed = await auditDisk({
      path: resolve(args[0]!),
      kekPaths: options.kekFile,
      needles,
      signal,
      onFiles: (done, total) => files.update(done, total),
      onRows: (done, total) => rows.update(done, Math.max(done, total)),
    });
    if (options.out !== undefined)
      await writeFile(resolve(options.out), `${JSON.stringify(signed, null, 2)}\n`, { mode: 0o600 });
    files.stop();
    if (output.json) printJson(output, signed);
    else print(output, signed);
    return signed.report.findings.length > 0 ? new CaissonError('CORRUPTION').entry.exit : EXIT.ok;
  } finally {
    files.stop();
    rows.stop();
  }
}

async function check({ args, options, output }: ActionContext<DiskOptions>, path: string): Promise<number> {
  const { checkReport, parseReport } = await disks();
  const signed = parseReport(await readFile(resolve(path), 'utf8'));
  const isGenuine = await checkReport(signed, resolve(args[0]!), options.kekFile);
  if (output.json) printJson(output, { genuine: isGenuine, findings: signed.report.findings.length });
  else
    output.out(isGenuine ? 'the report is genuine\n' : 'the report is NOT what was signed with these keys\n');
  return isGenuine ? EXIT.ok : EXIT.notDone;
}

function print(output: Output, { report, signature }: SignedReport): void {
  const { node, cluster, kind, files, groups, keyIds, sidecarMac, needles, findings, remarks } = report;
  output.out(node === undefined ? `${kind}\n` : `${kind} ${node} of cluster ${cluster}\n`);
  printTable(output, ['files', 'how many', 'bytes', 'lowest entropy'], kindsOf(files));
  if (groups.length > 0) {
    const keys = keyIds.length > 0 ? `opened ${keyIds.length} keys` : 'no KEK, structure only';
    output.out(`${keys}; sidecar MAC ${sidecarMac}\n`);
    printTable(output, ['group', 'of', 'opened', 'not opened', 'damaged', 'clear'], groups.flatMap(rowsOf));
  }
  if (needles > 0) output.out(`${needles} needles looked for in every file\n`);
  for (const remark of remarks) output.out(`look: ${remark}\n`);
  for (const finding of findings) output.out(`FOUND: ${finding}\n`);
  if (findings.length === 0) output.out('nothing found that must not be there\n');
  if (signature) output.out(`signed under key ${signature.keyId}\n`);
}

function kindsOf(files: DiskReport['files']): readonly (readonly string[])[] {
  const kinds = new Map<string, { count: number; bytes: number; entropy: number | undefined }>();
  for (const { kind, bytes, entropy } of files) {
    const seen = kinds.get(kind) ?? { count: 0, bytes: 0, entropy: undefined };
    const lowest = entropy === undefined ? seen.entropy : Math.min(entropy, seen.entropy ?? 8);
    kinds.set(kind, { count: seen.count + 1, bytes: seen.bytes + bytes, entropy: lowest });
  }
  return [...kinds].map(([kind, { count, bytes, entropy }]) => [
    kind,
    String(count),
    String(bytes),
    entropy === undefined ? '–' : entropy.toFixed(2),
  ]);
}

function rowsOf(group: Group): readonly (readonly string[])[] {
  const { opened, unopened, damaged, clear, entriesOpened, entriesUnopened, entriesDamaged, entriesClear } =
    group;
  const row = (of: string, counts: readonly number[], why: Readonly<Record<string, number>>) => [
    String(group.group),
    of,
    ...counts.map(String),
    Object.entries(why)
      .filter(([, count]) => count > 0)
      .map(([reason, count]) => `${count} ${reason}`)
      .join(', ') || '0',
  ];
  return [
    row('values', [opened, unopened, damaged], clear),
    row('log entries', [entriesOpened, entriesUnopened, entriesDamaged], entriesClear),
  ];
}
