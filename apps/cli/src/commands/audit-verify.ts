import { toHex } from '@caisson/base';
import { CaissonError } from '@caisson/contracts';
import type { Command } from 'commander';
import { resolve } from 'node:path';
import type { ChainReport, NotedHead } from '../data/audit-chains.js';
import { addAction, EXIT, type ActionContext } from '../session/action.js';
import {
  addConnectionOptions,
  type ConnectionOptions,
  withAudit,
  withCluster,
} from '../session/connection.js';
import { type Output, printJson, printTable } from '../session/output.js';

interface VerifyOptions extends ConnectionOptions {
  readonly dataDir?: string;
  readonly head?: string;
}

/** What works on chains hashes, and what works on directories opens databases: loaded when needed. */
const chains = () => import('../data/audit-chains.js');

export function addAuditVerify(audit: Command): void {
  const command = addConnectionOptions(
    audit
      .command('verify')
      .description(
        'compute the chain of the record again, on every member, and name the first line that is wrong',
      )
      .option('--data-dir <path>', 'of a stopped node or a copy of one, instead of members')
      .option('--head <line:hash>', 'a head that was noted before, which must still be part of the record')
      .addHelpText(
        'after',
        `
The chain shows that no line was changed, removed, added or moved before its head. That the end was not cut
off show the other members, and a head that you noted elsewhere. Exit 65 when a chain is broken or two members
differ, 1 when a member could not be asked. Needs the role operator.

Examples:
  $ caisson audit verify
  $ caisson audit verify --head 41:9d1f…
  $ caisson audit verify --data-dir ./copy`,
      ),
  );
  addAction<VerifyOptions>(command, verify);
}

async function verify({ options, output, signal }: ActionContext<VerifyOptions>): Promise<number> {
  const { compareChains, parseHead } = await chains();
  const noted = options.head === undefined ? undefined : parseHead(options.head);
  const reports =
    options.dataDir === undefined
      ? await readMembers(options, noted, signal)
      : [await readStored(options.dataDir, noted)];
  const compared = compareChains(reports);
  print(output, compared);
  if (compared.some(({ broken }) => broken)) return new CaissonError('CORRUPTION').entry.exit;
  return compared.some(({ error }) => error) ? EXIT.notDone : EXIT.ok;
}

async function readStored(dataDir: string, noted: NotedHead | undefined): Promise<ChainReport> {
  const { readStoredChain } = await chains();
  const report = await readStoredChain(resolve(dataDir), noted);
  if (report.error) throw report.error;
  return report;
}

async function readMembers(
  options: ConnectionOptions,
  noted: NotedHead | undefined,
  signal: AbortSignal,
): Promise<readonly ChainReport[]> {
  const { readChain } = await chains();
  const { groups, node } = await withCluster(options, (client) => client.status({ signal }));
  const members = [...(groups[0]?.members ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1));
  return withAudit(options, async (client) => {
    const asked = { deadlineMs: options.timeout, signal };
    const pagesOf = (name: string, address: string | undefined) => {
      if (address !== undefined) return client.readFrom(address, asked);
      // A node that founded its cluster alone may not have said where clients reach it.
      return name === node ? client.read(asked) : undefined;
    };
    return Promise.all(
      members.map(({ name, clientAddress }) => readChain(name, pagesOf(name, clientAddress), noted)),
    );
  });
}

function print(output: Output, reports: readonly ChainReport[]): void {
  if (output.json) {
    for (const { name, count, hash, broken, error } of reports)
      printJson(output, {
        member: name,
        lines: count,
        head: `${count}:${toHex(hash)}`,
        whole: !broken && !error,
        ...(broken && { broken }),
        ...(error && { error: error.code }),
      });
    return;
  }
  printTable(
    output,
    ['member', 'lines', 'head', 'the record'],
    reports.map(({ name, count, hash, broken, error }) => [
      name,
      String(count),
      count === 0 ? '–' : `${toHex(hash).slice(0, 16)}…`,
      broken ? `BROKEN: line ${broken.number} ${broken.problem}` : (error?.code ?? 'whole'),
    ]),
  );
  const longest = reports
    .filter(({ broken, error }) => !broken && !error)
    .sort((a, b) => b.count - a.count)[0];
  if (longest && longest.count > 0)
    output.out(`note this head, and ask for it next time: ${longest.count}:${toHex(longest.hash)}\n`);
}
