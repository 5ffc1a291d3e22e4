import type { KekCheck } from '@caisson/client';
import type { KekInfo } from '@caisson/contracts';
import type { Command } from 'commander';
import { addAction, EXIT, type ActionContext } from '../session/action.js';
import { addConnectionOptions, withEncryption, type ConnectionOptions } from '../session/connection.js';
import { printJson, printTable, type Output } from '../session/output.js';
import { addKekSet } from './kek-set.js';

interface NodeChecks {
  readonly address: string;
  readonly checks: readonly KekCheck[];
  readonly keks: readonly KekInfo[];
}

/** `kek …`: which keys of keys protect the data keys, and whether each of them still opens. */
export function addKek(program: Command): void {
  const kek = program
    .command('kek')
    .description('look at the keys that protect the data keys, and change which they are')
    .addHelpText('after', '\nExample:\n  $ caisson kek verify --address n1:7700,n2:7700,n3:7700');
  addList(kek);
  addVerify(kek);
  addKekSet(kek);
}

function addList(kek: Command): void {
  const command = addConnectionOptions(
    kek
      .command('list')
      .description('each KEK, how many data keys it protects, and on which node it is configured')
      .addHelpText('after', '\nExample:\n  $ caisson kek list'),
  );
  addAction<ConnectionOptions>(command, async ({ options, output, signal }) => {
    const keks = summary(await checkNodes(options, signal));
    if (output.json) return printJson(output, { keks });
    printTable(
      output,
      ['node', 'provider', 'key', 'configured', 'state', 'opened', 'data keys', 'not protected'],
      keks.map((kek) => [
        kek.address,
        kek.provider,
        kek.keyRef,
        kek.configured ? 'yes' : 'NO',
        kek.failure ?? kek.state,
        kek.openedMsAgo === undefined ? '–' : `${Math.round(kek.openedMsAgo / 1000)} s ago`,
        String(kek.keys),
        kek.missing === 0 ? '–' : `${kek.missing}, rewrap`,
      ]),
    );
  });
}

function addVerify(kek: Command): void {
  const command = addConnectionOptions(
    kek
      .command('verify')
      .description('open every data key through each KEK of every node at --address; exit 1 unless all open')
      .addHelpText('after', '\nExample:\n  $ caisson kek verify --address n1:7700,n2:7700,n3:7700'),
  );
  addAction<ConnectionOptions>(command, carryOutChecks);
}

/** Opens every data key through each KEK, prints what came of it, and exits 1 unless all of them opened. */
export async function carryOutChecks({
  options,
  output,
  signal,
}: ActionContext<ConnectionOptions>): Promise<number> {
  const nodes = await checkNodes(options, signal);
  const rows = nodes.flatMap(({ address, checks }) => checks.map((check) => ({ address, ...check })));
  const isWell = rows.every(({ result }) => result === 'opened');
  if (output.json) printJson(output, { verified: isWell, checks: rows });
  else printChecks(output, rows);
  return isWell ? EXIT.ok : EXIT.notDone;
}

function printChecks(output: Output, rows: readonly (KekCheck & { readonly address: string })[]): void {
  printTable(
    output,
    ['node', 'data key', 'purpose', 'provider', 'key', 'result'],
    rows.map(({ address, keyId, purpose, provider, keyRef, result, error }) => [
      address,
      String(keyId),
      purpose,
      provider,
      keyRef,
      error ?? result,
    ]),
  );
  const has = (result: KekCheck['result']) => rows.some((row) => row.result === result);
  if (has('not-wrapped')) output.notes('not-wrapped: `caisson encryption rewrap-deks` adds the KEK\n');
  if (has('not-configured')) output.notes('not-configured: the node has no provider for this KEK\n');
}

/** One node after the other: each has its own KEKs. */
async function checkNodes(options: ConnectionOptions, signal: AbortSignal): Promise<readonly NodeChecks[]> {
  const nodes: NodeChecks[] = [];
  for (const address of options.address) {
    const node = await withEncryption({ ...options, address: [address] }, async (client) => {
      // How long ago they last opened a key is asked before they open all of them.
      const { keks } = await client.keks({ signal });
      return { address, keks, checks: await client.verify({ signal }) };
    });
    nodes.push(node);
  }
  return nodes;
}

interface KekView {
  readonly address: string;
  readonly provider: string;
  readonly keyRef: string;
  readonly configured: boolean;
  readonly keys: number;
  readonly missing: number;
  /** As the provider itself says. */
  readonly state: KekInfo['state'];
  /** Since it last opened a data key; absent where it never did. */
  readonly openedMsAgo?: number;
  readonly failure?: string;
}

function summary(nodes: readonly NodeChecks[]): readonly KekView[] {
  return nodes.flatMap(({ address, checks, keks }) => {
    const byKek = new Map<string, KekCheck[]>();
    for (const check of checks) {
      const kek = `${check.provider} ${check.keyRef}`;
      byKek.set(kek, [...(byKek.get(kek) ?? []), check]);
    }
    return [...byKek.values()].map((found) => {
      const { provider, keyRef } = found[0]!;
      const count = (result: KekCheck['result']) => found.filter((check) => check.result === result).length;
      const configured = count('not-configured') === 0;
      return {
        address,
        provider,
        keyRef,
        configured,
        keys: found.length - count('not-wrapped'),
        missing: count('not-wrapped'),
        ...fareOf(keks.find((kek) => kek.provider === provider && kek.keyRef === keyRef)),
      };
    });
  });
}

function fareOf(kek: KekInfo | undefined): Pick<KekView, 'state' | 'openedMsAgo' | 'failure'> {
  const { state = 'unknown', openedMsAgo, failure } = kek ?? {};
  return {
    state,
    ...(openedMsAgo !== undefined && { openedMsAgo }),
    ...(failure !== undefined && { failure }),
  };
}
