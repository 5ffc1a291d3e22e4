import type { EncryptionClient, KeyOrderOptions, KeySteps } from '@caisson/client';
import { isCaissonError } from '@caisson/contracts';
import { Argument, Option, type Command } from 'commander';
import { addAction } from '../session/action.js';
import { addConnectionOptions, withEncryption, type ConnectionOptions } from '../session/connection.js';
import { KeyOrderProgress } from '../session/key-order-progress.js';
import { printJson } from '../session/output.js';

const ORDER_TIMEOUT_MS = 120_000;
/** Files of any size are written anew. */
const SCRUB_TIMEOUT_MS = 6 * 3_600_000;

interface OrderOptions extends ConnectionOptions {
  readonly dryRun?: boolean;
  readonly purpose?: 'storage' | 'raft';
}

interface Order {
  readonly name: string;
  readonly does: string;
  readonly more: string;
  readonly example: string;
  readonly timeoutMs?: number;
  /** A word that must follow the name, for an order that could be mistaken for a question. */
  readonly word?: string;
  carryOut(client: EncryptionClient, options: OrderOptions, limits: KeyOrderOptions): KeySteps;
}

const ONE_WAY = 'One way: there is no order that takes it back.';

const ORDERS: readonly Order[] = [
  {
    name: 'bootstrap',
    does: 'make the first two keys, which seal nothing yet',
    more: '“enable-storage-envelope” does it by itself. Keys that are there are never replaced.',
    example: '$ caisson encryption bootstrap --dry-run',
    carryOut: (client, _, limits) => client.bootstrap(limits),
  },
  {
    name: 'enable-storage-envelope',
    does: 'seal values from here on; makes the first keys if there are none',
    more: `${ONE_WAY} What was written before is sealed by “encryption rewrite”.`,
    example: '$ caisson encryption enable-storage-envelope --dry-run',
    carryOut: (client, _, limits) => client.enableStorageEnvelope(limits),
  },
  {
    name: 'enable-raft-envelope',
    does: 'seal log entries from here on; after the storage envelope',
    more:
      `${ONE_WAY} Writes are refused for the length of one entry meanwhile, and clients repeat them.\n` +
      'Ends when every member has freed its log and its files from clear entries and replaced values.',
    example: '$ caisson encryption enable-raft-envelope --dry-run',
    timeoutMs: SCRUB_TIMEOUT_MS,
    carryOut: (client, _, limits) => client.enableRaftEnvelope(limits),
  },
  {
    name: 'rotate-dek',
    does: 'let a new data key take over; what the old one sealed stays readable',
    more: 'Nothing waits: every writer of the old key may seal under the new one at once.',
    example: '$ caisson encryption rotate-dek --purpose storage',
    carryOut: (client, { purpose }, limits) => client.rotate(purpose!, limits),
  },
  {
    name: 'rewrap-deks',
    does: 'wrap every data key anew, by exactly the KEKs of the leader; after a KEK was added or removed',
    more: 'Data is not touched. Members must hold one of these KEKs, and are asked first.',
    example: '$ caisson encryption rewrap-deks && caisson kek verify',
    carryOut: (client, _, limits) => client.rewrap(limits),
  },
  {
    name: 'scrub',
    does: 'free the files of every member from values and log entries that were replaced or removed',
    more:
      'Files are merged and written anew, which takes a while; reads and writes go on. Not covered: values\n' +
      'that are stored clear still (“encryption rewrite” seals them), and sectors that the disk gave back.',
    example: '$ caisson encryption scrub',
    timeoutMs: SCRUB_TIMEOUT_MS,
    carryOut: (client, _, limits) => client.scrub(limits),
  },
  {
    name: 'seal-mode',
    word: 'on',
    does: 'refuse whatever is clear from here on, deletes included; after both envelopes',
    more:
      `${ONE_WAY} A clear value, delete or log entry that is newer is an integrity failure on every\n` +
      'node. Deletes from before are sealed by “encryption rewrite”.',
    example: '$ caisson encryption seal-mode on --dry-run',
    carryOut: (client, _, limits) => client.sealMode(limits),
  },
];

/** What changes keys. Every order may be given again after a failure or Ctrl-C. */
export function addEncryptionOrders(encryption: Command): void {
  for (const order of ORDERS) addOrder(encryption, order);
}

function addOrder(encryption: Command, order: Order): void {
  const { name, word, does, more, example, carryOut, timeoutMs = ORDER_TIMEOUT_MS } = order;
  const command = encryption
    .command(name)
    .description(does)
    .option('--dry-run', 'ask every member and check everything, change nothing, say what would be done')
    .addHelpText('after', `\n${more}\nSafe to repeat: what is in force stays.\n\nExample:\n  ${example}`);
  if (word !== undefined) command.addArgument(new Argument(`<${word}>`, 'said aloud').choices([word]));
  if (name === 'rotate-dek') command.addOption(purposeOption());
  addConnectionOptions(command, timeoutMs);
  addAction<OrderOptions>(command, async ({ options, output, signal }) => {
    const startedMs = performance.now();
    const { dryRun = false } = options;
    const done = await withEncryption(options, (client) =>
      new KeyOrderProgress(output).follow(carryOut(client, options, { signal, dryRun })),
    ).catch((error: unknown) => {
      if (isCaissonError(error, 'CANCELLED') || isCaissonError(error, 'DEADLINE_EXCEEDED'))
        output.notes('What is in force stays; give the same order again to go on.\n');
      throw error;
    });
    const elapsedMs = Math.round(performance.now() - startedMs);
    if (output.json) return printJson(output, { order: name, dryRun, ...done, elapsedMs });
    const { planned } = done;
    if (dryRun) output.notes(planned.length > 0 ? 'Nothing was changed.\n' : 'Nothing is left to do.\n');
    else output.notes(`${name}: in force after ${(elapsedMs / 1000).toFixed(1)} s\n`);
  });
}

function purposeOption(): Option {
  return new Option('--purpose <purpose>', 'which key: of values, or of log entries')
    .choices(['storage', 'raft'])
    .makeOptionMandatory();
}
