import { CaissonError } from '@caisson/contracts';
import { fullNodeId, nodeId16 } from '@caisson/formats';
import type { Command } from 'commander';
import { addAction, EXIT } from '../session/action.js';
import { addConnectionOptions, withEncryption, type ConnectionOptions } from '../session/connection.js';
import { printJson, printTable } from '../session/output.js';
import { addEncryptionOrders } from './encryption-orders.js';
import { printKeyStatus } from './encryption-status.js';
import { addRetirement } from './encryption-retire.js';
import { addRegisterWriter, addResyncSidecar } from './encryption-repair.js';
import { addRewrite } from './encryption-rewrite.js';
import { carryOutChecks } from './kek.js';

interface StatusOptions {
  readonly verify?: boolean;
  readonly count?: boolean;
  readonly current?: boolean;
}

/** `encryption …`: which keys there are, what is sealed, and what operators order about both. */
export function addEncryption(program: Command): void {
  const encryption = program
    .command('encryption')
    .description('look at keys and what is sealed, and order about them')
    .addHelpText('after', '\nExample:\n  $ caisson encryption status --address 10.0.0.1:7700,10.0.0.2:7700');
  addStatus(encryption);
  addVerify(encryption);
  addEncryptionOrders(encryption);
  addRewrite(encryption);
  addRetirement(encryption);
  addRegisterWriter(encryption);
  addResyncSidecar(encryption);
  addProbe(encryption);
  addDisable(encryption);
}

function addStatus(encryption: Command): void {
  const command = addConnectionOptions(
    encryption
      .command('status')
      .description('which envelopes are in force and which keys are active, as one node has applied it')
      .option('--current', 'with everything that was acknowledged before, or not at all')
      .option('--count', 'also count the values that the node stores under each key')
      .option('--verify', 'also open every key through each KEK of the node; exit 1 unless all of them open')
      .addHelpText('after', '\nExample:\n  $ caisson encryption status --verify'),
  );
  addAction<ConnectionOptions & StatusOptions>(command, async (context) => {
    const { options, output, signal } = context;
    const { count = false, current = false } = options;
    const status = await withEncryption(options, (client) => client.status({ signal, count, current }));
    if (!output.json || !options.verify) printKeyStatus(output, status);
    return options.verify ? carryOutChecks(context) : EXIT.ok;
  });
}

function addVerify(encryption: Command): void {
  const command = addConnectionOptions(
    encryption
      .command('verify')
      .description(
        'open every key through each KEK of every node at --address; exit 1 unless all of them open',
      )
      .addHelpText('after', '\nExample:\n  $ caisson encryption verify --address n1:7700,n2:7700,n3:7700'),
  );
  addAction<ConnectionOptions>(command, carryOutChecks);
}

function addProbe(encryption: Command): void {
  const command = encryption
    .command('probe-node-id <names...>')
    .description('the numbers that stand for node names in nonces; exit 1 when two names share one')
    .addHelpText(
      'after',
      '\nAsks no node. Try the name of a new node beside those of the members before it is made.\n' +
        '\nExample:\n  $ caisson encryption probe-node-id n1 n2 n3',
    );
  addAction<object>(command, async ({ args, output }) => {
    const rows = args.map((name) => ({
      name,
      fullNodeId: fullNodeId(name),
      nodeId16: nodeId16(fullNodeId(name)),
    }));
    const collides = (row: (typeof rows)[number]) =>
      rows.some((other) => other.name !== row.name && other.nodeId16 === row.nodeId16);
    const nodes = rows.map((row) => ({ ...row, collides: collides(row) }));
    if (output.json) printJson(output, { nodes });
    else
      printTable(
        output,
        ['name', 'node id', 'in nonces', ''],
        nodes.map((node) => [
          node.name,
          String(node.fullNodeId),
          `0x${node.nodeId16.toString(16).padStart(4, '0')}`,
          node.collides ? 'COLLIDES' : '',
        ]),
      );
    return nodes.some((node) => node.collides) ? EXIT.notDone : EXIT.ok;
  });
}

function addDisable(encryption: Command): void {
  const command = encryption
    .command('disable')
    .description('refuses, and says how to get to a clear cluster all the same')
    .addHelpText(
      'after',
      '\nWhat is sealed stays sealed, in logs and snapshots of every member. The way out is a new cluster:\n' +
        '  $ caisson export --output data.jsonl\n' +
        '  $ caisson init --clear --data-dir ./clear --config clear.yaml   # then start it\n' +
        '  $ caisson import data.jsonl --address 127.0.0.1:7700\n' +
        '\nExample:\n  $ caisson encryption disable',
    );
  addAction<object>(command, async () => {
    throw new CaissonError('ENCRYPTION_ONE_WAY');
  });
}
