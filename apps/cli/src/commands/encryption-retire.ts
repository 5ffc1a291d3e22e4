import type { EncryptionClient, KeyOrderOptions, KeySteps } from '@caisson/client';
import { CaissonError } from '@caisson/contracts';
import type { Command } from 'commander';
import { addAction, EXIT } from '../session/action.js';
import { addConnectionOptions, withEncryption, type ConnectionOptions } from '../session/connection.js';
import { KeyOrderProgress, type OrderedKeys } from '../session/key-order-progress.js';
import { printJson, printTable, type Output } from '../session/output.js';

/** Members read everything they store before they answer. */
const ORDER_TIMEOUT_MS = 300_000;
const KEY_ID_MAX = 2 ** 32 - 1;

interface KeyIdOptions extends ConnectionOptions {
  readonly keyId: number;
  readonly erase?: boolean;
  readonly dryRun?: boolean;
}

interface Ending {
  readonly name: string;
  readonly does: string;
  readonly more: string;
  carryOut(client: EncryptionClient, options: KeyIdOptions, limits: KeyOrderOptions): KeySteps;
  /** What a person is told once it is in force. */
  done(options: KeyIdOptions): string;
}

const ENDINGS: readonly Ending[] = [
  {
    name: 'retire-dek',
    does: 'end the use of a data key under which no member has anything left',
    more:
      'Suspends the key: it opens nothing, and “resume-dek” brings it back. With --erase a suspended key is\n' +
      'given up for good, and its bytes go from every member. Before either, every member counts what it has\n' +
      'under the key, in store, log, snapshots and backups under way; anything left refuses the order.\n' +
      '\nExample:\n  $ caisson encryption retire-dek --key-id 2915071193 --dry-run',
    carryOut: (client, { keyId, erase = false }, limits) => client.retire(keyId, { ...limits, erase }),
    done: ({ erase }) =>
      erase ? 'given up for good' : 'suspended; “resume-dek” brings it back, “retire-dek --erase” ends it',
  },
  {
    name: 'resume-dek',
    does: 'bring a suspended data key back',
    more: '\nExample:\n  $ caisson encryption resume-dek --key-id 2915071193',
    carryOut: (client, { keyId }, limits) => client.resume(keyId, limits),
    done: () => 'opens again what it sealed',
  },
];

/** `encryption retire-dek` and `resume-dek`: the end of a data key, and the way back. */
export function addRetirement(encryption: Command): void {
  for (const ending of ENDINGS) addEnding(encryption, ending);
}

function addEnding(encryption: Command, { name, does, more, carryOut, done }: Ending): void {
  const command = encryption
    .command(name)
    .description(does)
    .requiredOption('--key-id <id>', 'which key, as “encryption status” shows it', keyId)
    .option('--dry-run', 'change nothing, and list what stands in the way; exit 1 if anything does')
    .addHelpText('after', `\nSafe to repeat: what is in force stays.\n${more}`);
  if (name === 'retire-dek') command.option('--erase', 'give up for good a key that is suspended');
  addConnectionOptions(command, ORDER_TIMEOUT_MS);
  addAction<KeyIdOptions>(command, async ({ options, output, signal }) => {
    const { dryRun = false } = options;
    const limits = { signal, dryRun };
    const ordered = await withEncryption(options, (client) =>
      new KeyOrderProgress(output).follow(carryOut(client, options, limits)),
    );
    const { blockers } = ordered;
    if (output.json) printJson(output, { order: name, dryRun, ...ordered });
    else tell(output, ordered, dryRun ? undefined : `key ${options.keyId}: ${done(options)}`);
    return dryRun && blockers.length > 0 ? EXIT.notDone : EXIT.ok;
  });
}

function tell(output: Output, { blockers, planned }: OrderedKeys, inForce: string | undefined): void {
  if (blockers.length > 0) printBlockers(output, blockers);
  if (inForce !== undefined) return output.notes(`${inForce}\n`);
  if (blockers.length > 0) return output.notes('The order would be refused. Nothing was changed.\n');
  output.notes(
    planned.length > 0 ? 'Nothing stands in the way. Nothing was changed.\n' : 'Nothing is left to do.\n',
  );
}

function printBlockers(output: Output, blockers: OrderedKeys['blockers']): void {
  printTable(
    output,
    ['member', 'what', 'how many', 'that is', 'next'],
    blockers.map(({ member, what, count, problem, next }) => [
      member,
      what,
      count === undefined ? '–' : String(count),
      problem,
      next,
    ]),
  );
}

function keyId(text: string): number {
  const id = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (id > 0 && id <= KEY_ID_MAX) return id;
  throw new CaissonError('INVALID_ARGUMENT', { field: 'key-id', limit: 'a number from 1 to 4294967295' });
}
