import type { AddRequest, ClusterClient, ClusterProgress } from '@caisson/client';
import { CaissonError, isCaissonError } from '@caisson/contracts';
import type { Command } from 'commander';
import { addAction, type ActionContext } from '../session/action.js';
import {
  addConnectionOptions,
  isAddress,
  withCluster,
  type ConnectionOptions,
} from '../session/connection.js';
import { OrderProgress } from '../session/order-progress.js';
import { printJson } from '../session/output.js';

/** A node that joins catches up before it votes, and that may take its time. */
const ORDER_TIMEOUT_MS = 600_000;
const now = () => performance.now();

interface CandidateOptions extends ConnectionOptions {
  readonly peerAddress: string;
  readonly clientAddress: string;
  readonly learner?: boolean;
}

interface Order {
  readonly words: string;
  readonly does: string;
  readonly example: string;
}

type Steps = AsyncIterable<ClusterProgress>;

/** What changes a cluster. Every order may be given again after a failure or Ctrl-C. */
export function addClusterOrders(cluster: Command): void {
  addAdd(cluster);
  addPromote(cluster);
  addRemove(cluster);
  addReplace(cluster);
  addTransfer(cluster);
  addDrain(cluster);
}

function addAdd(cluster: Command): void {
  const command = withCandidate(
    orderCommand(cluster, {
      words: 'add <name>',
      does: 'let a running node in: it catches up as a learner, then votes',
      example: '$ caisson cluster add n2 --peer-address 10.0.0.2:7800 --client-address 10.0.0.2:7700',
    }),
  );
  addOrder<CandidateOptions>(command, (client, { args, options, signal }) =>
    client.add(candidateOf(args[0]!, options), { signal }),
  );
}

function addPromote(cluster: Command): void {
  const command = orderCommand(cluster, {
    words: 'promote <name>',
    does: 'make a learner that has caught up a voter',
    example: '$ caisson cluster promote n4',
  });
  addOrder(command, (client, { args, signal }) => client.promote(args[0]!, { signal }));
}

function addRemove(cluster: Command): void {
  const command = orderCommand(cluster, {
    words: 'remove <name>',
    does: 'take a node out of the members; a leader hands over first, the last voter stays',
    example: '$ caisson cluster remove n2',
  });
  addOrder(command, (client, { args, signal }) => client.remove(args[0]!, { signal }));
}

function addReplace(cluster: Command): void {
  const command = withCandidate(
    orderCommand(cluster, {
      words: 'replace <old> <name>',
      does: 'let a running node in and, once it votes, take the old one out',
      example: '$ caisson cluster replace n2 n4 --peer-address 10.0.0.4:7800 --client-address 10.0.0.4:7700',
    }),
  );
  addOrder<CandidateOptions>(command, (client, { args, options, signal }) =>
    client.replace(args[0]!, candidateOf(args[1]!, options), { signal }),
  );
}

function addTransfer(cluster: Command): void {
  const command = orderCommand(cluster, {
    words: 'transfer [name]',
    does: 'hand leadership to a node, or from whoever leads to the best follower',
    example: '$ caisson cluster transfer n3',
  });
  addOrder(command, (client, { args, signal }) => client.transfer(args[0], { signal }));
}

function addDrain(cluster: Command): void {
  const command = orderCommand(cluster, {
    words: 'drain',
    does: 'hand over whatever the node at --address leads; then stop it with SIGTERM, which drains as well',
    example: '$ caisson cluster drain --address 10.0.0.2:7700',
  });
  addOrder(command, (client, { options, signal }) => drainEach(client, options, signal));
}

async function* drainEach(
  client: ClusterClient,
  { address }: ConnectionOptions,
  signal: AbortSignal,
): AsyncGenerator<ClusterProgress> {
  for (const node of address) yield* client.transferFrom(node, undefined, { signal });
}

function orderCommand(cluster: Command, { words, does, example }: Order): Command {
  const command = cluster
    .command(words)
    .description(does)
    .addHelpText('after', `\nSafe to repeat: what is in force already stays.\n\nExample:\n  ${example}`);
  return addConnectionOptions(command, ORDER_TIMEOUT_MS);
}

function withCandidate(command: Command): Command {
  return command
    .requiredOption('--peer-address <host:port>', 'where the other nodes reach it', dialled)
    .requiredOption('--client-address <host:port>', 'where clients reach it', dialled)
    .option('--learner', 'let it stay a learner: it replicates and serves reads, and never votes');
}

/** An address that others are told, and so must be able to dial. */
function dialled(address: string): string {
  if (isAddress(address) && !/^(0\.0\.0\.0|\[::\]):/.test(address)) return address;
  throw new CaissonError('INVALID_ARGUMENT', {
    field: 'address',
    limit: 'host:port to dial',
    value: address,
  });
}

function candidateOf(name: string, options: CandidateOptions): AddRequest {
  const { peerAddress: address, clientAddress, learner = false } = options;
  return { name, address, clientAddress, learner };
}

function addOrder<Options extends ConnectionOptions>(
  command: Command,
  steps: (client: ClusterClient, context: ActionContext<Options>) => Steps,
): void {
  addAction<Options>(command, async (context) => {
    const { options, output, args } = context;
    const startedMs = now();
    const carryOut = (client: ClusterClient) => new OrderProgress(output, now).follow(steps(client, context));
    const groups = await withCluster(options, carryOut).catch((error: unknown) => {
      if (isCaissonError(error, 'CANCELLED') || isCaissonError(error, 'DEADLINE_EXCEEDED'))
        output.notes('What is in force stays; give the same order again to go on.\n');
      throw error;
    });
    const elapsedMs = Math.round(now() - startedMs);
    if (output.json) printJson(output, { order: command.name(), args, groups, elapsedMs });
    else output.notes(`${[command.name(), ...args].join(' ')}: done in ${(elapsedMs / 1000).toFixed(1)} s\n`);
  });
}
