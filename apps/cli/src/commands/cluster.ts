import { toHex } from '@caisson/base';
import type { ClusterClient, ClusterStatus, DigestComparison } from '@caisson/client';
import { CaissonError } from '@caisson/contracts';
import { Option, type Command } from 'commander';
import { setTimeout as sleep } from 'node:timers/promises';
import { addAction, EXIT, type ActionContext } from '../session/action.js';
import { addConnectionOptions, withCluster, type ConnectionOptions } from '../session/connection.js';
import { printJson, printTable, type Output } from '../session/output.js';
import { addClusterOrders } from './cluster-orders.js';
import { hasLeaders, hasSpares, printMembers, printStatus } from './cluster-status.js';

/** Reading everything there is takes longer than a call usually may. */
const DIGEST_TIMEOUT_MS = 600_000;
const STATUS_EVERY_MS = 250;

/** What scripts wait for. */
const STATES = { leader: hasLeaders, spare: hasSpares } as const;

interface StatusOptions extends ConnectionOptions {
  readonly wait?: keyof typeof STATES;
}

interface DigestOptions extends ConnectionOptions {
  readonly group: number;
  readonly position: number;
  readonly all?: boolean;
}

/** `cluster …`: who the nodes are, and what operators order. */
export function addCluster(program: Command): void {
  const cluster = program
    .command('cluster')
    .description('look at a cluster and change it')
    .addHelpText('after', '\nExample:\n  $ caisson cluster status --address 10.0.0.1:7700,10.0.0.2:7700');
  addStatus(cluster);
  addMembers(cluster);
  addClusterOrders(cluster);
  addToken(cluster);
  addDigest(cluster);
}

function addStatus(cluster: Command): void {
  const command = looking(
    cluster,
    'status',
    'who leads, who follows how far behind, and what may still fail; exit 1 while a group has no leader',
  ).addOption(
    new Option(
      '--wait [what]',
      'wait, up to --timeout, until every group has a leader, or one voter to spare',
    )
      .choices(Object.keys(STATES))
      .preset('leader'),
  );
  addAction<StatusOptions>(command, async ({ options, output, signal }) => {
    const isReached = STATES[options.wait ?? 'leader'];
    const status = await withCluster(options, (client) =>
      options.wait === undefined
        ? client.status({ signal })
        : settled(client, isReached, { deadlineMs: options.timeout, signal }),
    );
    printStatus(output, status);
    return isReached(status) ? EXIT.ok : EXIT.notDone;
  });
}

/** The first status that is as wanted, or the last one before time is up. */
async function settled(
  client: ClusterClient,
  isReached: (status: ClusterStatus) => boolean,
  { deadlineMs, signal }: { readonly deadlineMs: number; readonly signal: AbortSignal },
): Promise<ClusterStatus> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const status = await client.status({ signal, deadlineMs: Math.max(1, end - performance.now()) });
    if (isReached(status) || performance.now() + STATUS_EVERY_MS > end) return status;
    await sleep(STATUS_EVERY_MS, undefined, { signal }).catch((cause: unknown) => {
      throw new CaissonError('CANCELLED', {}, { cause });
    });
  }
}

function addMembers(cluster: Command): void {
  const command = looking(cluster, 'members', 'the nodes of the cluster, their roles and addresses');
  addAction<ConnectionOptions>(command, async ({ options, output, signal }) => {
    printMembers(output, await withCluster(options, (client) => client.status({ signal })));
  });
}

function addToken(cluster: Command): void {
  const command = looking(
    cluster,
    'token',
    'print what a new node is told by `caisson init --join`; it holds no secret',
    '$ caisson init --join "$(caisson cluster token)" --name n2 --data-dir ./n2 --kek-file ./kek.key',
  );
  addAction<ConnectionOptions>(command, async ({ options, output, signal }) => {
    const token = await withCluster(options, (client) => client.joinToken({ signal }));
    if (output.json) printJson(output, { token });
    else output.out(`${token}\n`);
  });
}

function addDigest(cluster: Command): void {
  const command = addConnectionOptions(
    cluster
      .command('digest')
      .description(
        'one hash over all replicated data of a node, decrypted; with --all of every member, exit 65 when they differ',
      )
      .option('--group <id>', 'group to digest', whole, 1)
      .option('--position <n>', 'wait until the node has applied this position', whole, 0)
      .option('--all', 'compare all members at one position; exit 1 when that cannot be decided')
      .addHelpText('after', '\nExample:\n  $ caisson cluster digest --all'),
    DIGEST_TIMEOUT_MS,
  );
  addAction<DigestOptions>(command, (context) =>
    withCluster(context.options, (client) => (context.options.all ? compare : digestOne)(client, context)),
  );
}

async function digestOne(
  client: ClusterClient,
  { options, output, signal }: ActionContext<DigestOptions>,
): Promise<number> {
  const { group, position, digest, pairs } = await client.digest(options.group, options.position, { signal });
  const fields = { group, position, digest: toHex(digest), pairs };
  if (output.json) printJson(output, fields);
  else output.out(`${fields.digest}  group ${group} at ${position}, ${pairs} pairs\n`);
  return EXIT.ok;
}

async function compare(
  client: ClusterClient,
  { options, output, signal }: ActionContext<DigestOptions>,
): Promise<number> {
  const comparison = await client.digests(options.group, { signal });
  printComparison(output, comparison);
  if (comparison.verdict === 'different') return new CaissonError('CORRUPTION').entry.exit;
  return comparison.verdict === 'equal' ? EXIT.ok : EXIT.notDone;
}

function printComparison(output: Output, { group, verdict, members }: DigestComparison): void {
  const views = members.map(({ name, digest, error }) => ({
    name,
    ...(digest && { position: digest.position, digest: toHex(digest.digest), pairs: digest.pairs }),
    ...(error && { error: error.code }),
  }));
  if (output.json) return printJson(output, { group, verdict, members: views });
  printTable(
    output,
    ['name', 'position', 'digest', 'pairs'],
    views.map(({ name, position, digest, pairs, error }) => [
      name,
      String(position ?? '–'),
      digest ?? error ?? 'no client address',
      String(pairs ?? '–'),
    ]),
  );
  output.out(`${verdict}\n`);
}

function looking(
  cluster: Command,
  name: string,
  does: string,
  example = `$ caisson cluster ${name} --json`,
): Command {
  return addConnectionOptions(
    cluster.command(name).description(does).addHelpText('after', `\nExample:\n  ${example}`),
  );
}

function whole(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new CaissonError('INVALID_ARGUMENT', { field: 'group or position', limit: 'a whole number' });
}
