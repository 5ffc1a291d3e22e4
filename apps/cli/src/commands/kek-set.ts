import type { EncryptionClient } from '@caisson/client';
import { CaissonError, type NodeKeks } from '@caisson/contracts';
import type { Command } from 'commander';
import { addAction } from '../session/action.js';
import {
  addConnectionOptions,
  withCluster,
  withEncryption,
  type ConnectionOptions,
} from '../session/connection.js';
import { KeyOrderProgress } from '../session/key-order-progress.js';
import { printJson, type Output } from '../session/output.js';

interface SetOptions extends ConnectionOptions {
  readonly dryRun?: boolean;
}

type Change = 'add' | 'remove';

const ORDER_TIMEOUT_MS = 120_000;
const MORE = {
  add:
    'Name it in the configuration of every node first; they need no restart. Without a name: whatever the\n' +
    'configurations name by now. Every member must prove every KEK before the data keys are wrapped by it.',
  remove:
    'Take it out of the configuration of every node first; they need no restart. Refused while a node still\n' +
    'names it, when none would be left, and when those that are left do not open every data key.',
} as const;

/** `kek add` and `kek remove`: the configurations say what the set is, these orders bring it about. */
export function addKekSet(kek: Command): void {
  addChange(kek, 'add', '[kek]', 'wrap every data key by a KEK that the configurations name now, too');
  addChange(kek, 'remove', '<kek>', 'wrap every data key without a KEK that the configurations name no more');
}

function addChange(kek: Command, change: Change, argument: string, does: string): void {
  const command = kek
    .command(`${change} ${argument}`)
    .description(does)
    .option('--dry-run', 'read the configurations and ask every member, change nothing')
    .addHelpText(
      'after',
      `\n<kek> is provider:key, as in “kek list”. ${MORE[change]}\nSafe to repeat.` +
        `\n\nExample:\n  $ caisson kek ${change} file:0123456789abcdef --address n1:7700`,
    );
  addConnectionOptions(command, ORDER_TIMEOUT_MS);
  addAction<SetOptions>(command, async ({ args: [name], options, output, signal }) => {
    const { dryRun = false } = options;
    const addresses = await memberAddresses(options, signal);
    // All members or none: what they would go on with is looked at first.
    const nodes = await reload(options, addresses, { dryRun: true, signal });
    requireSet(change, name, nodes);
    if (!dryRun) await reload(options, addresses, { dryRun, signal });
    if (!output.json) for (const node of nodes) output.notes(`${node.node} names ${inWords(node)}\n`);
    const done = await withEncryption(options, (client) => rewrap(client, { dryRun, signal }, output));
    if (output.json) return printJson(output, { order: change, dryRun, nodes, ...done });
    output.notes(dryRun ? 'Nothing was changed.\n' : `${change}: every data key is wrapped by these KEKs\n`);
  });
}

function rewrap(
  client: EncryptionClient,
  limits: { readonly dryRun: boolean; readonly signal: AbortSignal },
  output: Output,
) {
  return new KeyOrderProgress(output).follow(client.rewrap({ ...limits, everyKek: true }));
}

async function reload(
  options: SetOptions,
  addresses: readonly string[],
  limits: { readonly dryRun: boolean; readonly signal: AbortSignal },
): Promise<readonly NodeKeks[]> {
  const nodes: NodeKeks[] = [];
  for (const address of addresses) {
    const one = { ...options, address: [address] };
    nodes.push(await withEncryption(one, (client) => client.reloadKeks(limits)));
  }
  return nodes;
}

/** Where clients reach every member of every group. */
async function memberAddresses(options: ConnectionOptions, signal: AbortSignal): Promise<readonly string[]> {
  const { groups } = await withCluster(options, (client) => client.status({ signal }));
  const addresses = new Map<string, string | undefined>();
  for (const { name, clientAddress } of groups.flatMap(({ members }) => members))
    addresses.set(name, clientAddress);
  const unknown = [...addresses].find(([, address]) => !address);
  // A node alone need not say where it is reached: it was reached.
  if (unknown !== undefined && addresses.size === 1) return options.address.slice(0, 1);
  if (unknown !== undefined)
    throw new CaissonError('UNAVAILABLE', { name: unknown[0], problem: 'states no address for clients' });
  return [...addresses.values()] as string[];
}

/** All nodes name the same KEKs, with the one that is added and without the one that is removed. */
function requireSet(change: Change, name: string | undefined, nodes: readonly NodeKeks[]): void {
  const all = new Set(nodes.flatMap(({ keks }) => keks.map(nameOf)));
  if (change === 'add' && name !== undefined) all.add(name);
  if (change === 'remove' && name !== undefined) requireGone(name, nodes);
  for (const kek of all) {
    const lacking = nodes.filter(({ keks }) => !keks.some((known) => nameOf(known) === kek));
    if (lacking.length === 0) continue;
    throw new CaissonError('KEK_NOT_IN_CONFIGURATION', {
      kek,
      nodes: lacking.map(({ node }) => node).sort(),
    });
  }
}

function requireGone(name: string, nodes: readonly NodeKeks[]): void {
  const naming = nodes.filter(({ keks }) => keks.some((kek) => nameOf(kek) === name)).map(({ node }) => node);
  if (naming.length > 0) throw new CaissonError('KEK_IN_CONFIGURATION', { kek: name, nodes: naming });
}

function inWords({ keks }: NodeKeks): string {
  return keks.map(nameOf).join(', ');
}

function nameOf({ provider, keyRef }: NodeKeks['keks'][number]): string {
  return `${provider}:${keyRef}`;
}
