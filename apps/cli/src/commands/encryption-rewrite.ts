import type { RewriteOrder, RewriteProgress } from '@caisson/client';
import { CaissonError } from '@caisson/contracts';
import { Option, type Command } from 'commander';
import { setTimeout as sleep } from 'node:timers/promises';
import { addAction, EXIT, innermost } from '../session/action.js';
import {
  addConnectionOptions,
  withCluster,
  withEncryption,
  type ConnectionOptions,
} from '../session/connection.js';
import { printJson, printTable, type Output } from '../session/output.js';

const LOOK_EVERY_MS = 1_000;
const MEBIBYTE = 1024 * 1024;

interface RewriteOptions extends ConnectionOptions {
  readonly all?: boolean;
  readonly rate?: number;
  readonly by?: number;
  readonly status?: boolean;
  readonly cancel?: boolean;
  readonly wait?: boolean;
}

interface Node {
  /** Absent for one that is known by its address alone. */
  readonly name?: string;
  readonly address: string;
}

type NodeProgress = RewriteProgress & Node;

/** `encryption rewrite`: each node moves what it stores to the active key, in the background. */
export function addRewrite(encryption: Command): void {
  const command = addConnectionOptions(
    encryption
      .command('rewrite')
      .description(
        'seal what is stored clear or under an older key, on every node at --address, or on every member',
      )
      .option('--all', 'on every member of the cluster, found from any node at --address')
      .option('--rate <MiB/s>', 'how much a node rewrites in a second; 0 for no limit', rate)
      .addOption(
        new Option('--by <date>', 'when it is to be over, instead of a rate: 2027-01-31 or 2027-01-31T18:00Z')
          .argParser(time)
          .conflicts('rate'),
      )
      .option('--status', 'only say how it stands')
      .option('--cancel', 'end it; what was rewritten stays so')
      .option('--wait', 'tell how it goes until it is finished everywhere; exit 1 where it did not get there')
      .addHelpText(
        'after',
        '\nEvery node does it for itself, in the background, and goes on after a restart: name all of them, or --all.' +
          '\nSafe to repeat: what was begun goes on.' +
          '\n\nExample:\n  $ caisson encryption rewrite --all --wait --rate 16 --address n1:7700',
      ),
  );
  addAction<RewriteOptions>(command, async ({ options, output, signal }) => {
    const order = orderOf(options);
    const at = options.all
      ? await everyMember(options, signal)
      : options.address.map((address) => ({ address }));
    let nodes = await orderNodes(options, at, order, signal);
    while (options.wait && nodes.some(isOnItsWay)) {
      if (!output.json) for (const node of nodes.filter(isOnItsWay)) output.notes(`${inWords(node)}\n`);
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch((cause: unknown) => {
        throw new CaissonError('CANCELLED', {}, { cause });
      });
      nodes = await orderNodes(options, at, { action: 'look' }, signal);
    }
    print(output, nodes);
    const isThere = nodes.every(({ state }) => state === 'finished');
    return options.wait && !isThere ? EXIT.notDone : EXIT.ok;
  });
}

function orderOf({ status, cancel, rate: mebibytes, by: finishBy }: RewriteOptions): RewriteOrder {
  if (status) return { action: 'look' };
  if (cancel) return { action: 'cancel' };
  return {
    action: 'start',
    ...(mebibytes !== undefined && { bytesPerSecond: mebibytes * MEBIBYTE }),
    ...(finishBy !== undefined && { finishBy }),
  };
}

/** Where clients reach every member of every group, as their leaders know it. */
async function everyMember(options: ConnectionOptions, signal: AbortSignal): Promise<readonly Node[]> {
  const { groups } = await withCluster(options, (client) => client.status({ signal }));
  const members = new Map(groups.flatMap((group) => group.members.map((member) => [member.name, member])));
  const byName = [...members.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return byName.map(({ name, clientAddress }) => {
    if (clientAddress) return { name, address: clientAddress };
    // A node that takes no peers has none on record: it is the one that answered.
    if (members.size === 1) return { name, address: options.address[0]! };
    throw new CaissonError('UNAVAILABLE', { name, problem: 'nobody knows where clients reach it' });
  });
}

/** All at once, so that one that is away keeps nobody from beginning. It is told at the end. */
async function orderNodes(
  options: ConnectionOptions,
  at: readonly Node[],
  order: RewriteOrder,
  signal: AbortSignal,
): Promise<readonly NodeProgress[]> {
  const asked = at.map(async (node): Promise<readonly NodeProgress[]> => {
    const one = { ...options, address: [node.address] };
    const groups = await withEncryption(one, (client) => client.rewrite(order, { signal }));
    return groups.map((group) => ({ ...node, ...group }));
  });
  const told = await Promise.allSettled(asked);
  const failures = told.flatMap((each, node) =>
    each.status === 'rejected' ? [{ node: at[node]!, error: innermost(each.reason) }] : [],
  );
  if (failures.length > 0) throw failureOf(failures, at.length);
  return told.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
}

function failureOf(
  failures: readonly { readonly node: Node; readonly error: CaissonError }[],
  asked: number,
): CaissonError {
  const [{ error: first }] = failures as [(typeof failures)[number]];
  if (asked === 1 || first.code === 'CANCELLED') return first;
  const problems = failures.map(({ node, error }) => `${node.name ?? node.address}: ${error.code}`);
  return new CaissonError(first.code, { problems });
}

function print(output: Output, nodes: readonly NodeProgress[]): void {
  if (output.json) return printJson(output, { nodes });
  printTable(
    output,
    ['node', 'group', 'state', 'to key', 'values', 'MiB/s', 'left'],
    nodes.map(({ name, address, group, state, keyId, done, total, bytesPerSecond, remainingMs, error }) => [
      name ?? address,
      String(group),
      error ?? state,
      String(keyId ?? '–'),
      `${done} of ${total}`,
      (bytesPerSecond / MEBIBYTE).toFixed(1),
      remainingMs === undefined ? '–' : `${Math.ceil(remainingMs / 1000)} s`,
    ]),
  );
}

function inWords(node: NodeProgress): string {
  const { name, address, group, state, done, total, bytesPerSecond, remainingMs } = node;
  const eta = remainingMs === undefined ? '?' : `${Math.ceil(remainingMs / 1000)}s`;
  const speed = `${(bytesPerSecond / MEBIBYTE).toFixed(1)} MiB/s`;
  return `${name ?? address} group ${group}: ${state}, ${done} of ${total} values, ${speed}, ETA ${eta}`;
}

function isOnItsWay({ state }: NodeProgress): boolean {
  return state === 'counting' || state === 'running' || state === 'scrubbing';
}

function rate(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new CaissonError('INVALID_ARGUMENT', { field: 'rate', limit: 'a whole number of MiB in a second' });
}

function time(text: string): number {
  const at = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:?\d{2})?)?$/.test(text) ? Date.parse(text) : NaN;
  if (at > Date.now()) return at;
  throw new CaissonError('INVALID_ARGUMENT', { field: 'by', limit: 'a date, or a date and a time, to come' });
}
