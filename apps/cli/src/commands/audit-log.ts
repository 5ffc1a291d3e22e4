import { toHex } from '@caisson/base';
import type { AuditClient } from '@caisson/client';
import { CaissonError } from '@caisson/contracts';
import { type AuditLine, type AuditRow, decodeAuditLine, decodeAuditRow } from '@caisson/formats';
import type { Command } from 'commander';
import { addAction } from '../session/action.js';
import { addConnectionOptions, type ConnectionOptions, withAudit } from '../session/connection.js';
import { type Output, printJson, printTable } from '../session/output.js';

interface LogOptions extends ConnectionOptions {
  readonly since?: string;
  readonly all?: boolean;
}

interface Recorded extends AuditLine {
  readonly number: number;
  readonly row: AuditRow;
}

/** An order with its end, or a refusal. */
interface Told {
  readonly first: Recorded;
  readonly result: string;
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
const OPEN = 'open';
/** How an order ends on a node that does not lead; its caller goes on to the one that does. */
const ELSEWHERE = 'NOT_LEADER';

export function addAuditLog(audit: Command): void {
  const command = addConnectionOptions(
    audit
      .command('log')
      .description('who ordered what of the cluster, when, from where, and with what result')
      .option('--since <when>', 'a date, or how long ago: 90s, 15m, 24h, 7d')
      .option('--all', 'also orders that were sent on to the leader')
      .addHelpText(
        'after',
        `
"open" is an order whose end is not on record: it goes on, or a crash interrupted it. With --json there is one
line for each line of the record. Needs the role operator.

Examples:
  $ caisson audit log --since 24h
  $ caisson audit log --since 2026-11-01 --json`,
      ),
  );
  addAction<LogOptions>(command, async ({ options, output, signal }) => {
    const since = options.since === undefined ? 0 : momentOf(options.since, Date.now());
    const lines = await withAudit(options, (client) => readLines(client, options.timeout, signal));
    const wanted = lines.filter(({ row }) => msOf(row.stamp) >= since);
    if (output.json) for (const line of wanted) printJson(output, jsonOf(line));
    else printOrders(output, ordersOf(wanted), options.all === true);
  });
}

async function readLines(client: AuditClient, deadlineMs: number, signal: AbortSignal): Promise<Recorded[]> {
  const lines: Recorded[] = [];
  for await (const { rows } of client.read({ current: true, deadlineMs, signal })) {
    for (const { number, row: bytes } of rows) {
      const row = decodeAuditRow(bytes);
      lines.push({ ...decodeAuditLine(row.line), number, row });
    }
  }
  return lines;
}

function ordersOf(lines: readonly Recorded[]): readonly Told[] {
  const ends = new Map<string, string>();
  for (const { kind, call, result } of lines) if (kind === 'ended') ends.set(toHex(call), result);
  const begun = new Set(lines.flatMap(({ kind, call }) => (kind === 'begun' ? toHex(call) : [])));
  const isTold = ({ kind, call }: Recorded) => kind !== 'ended' || !begun.has(toHex(call));
  return lines.filter(isTold).map((first) => {
    const result = first.kind === 'begun' ? (ends.get(toHex(first.call)) ?? OPEN) : first.result;
    return { first, result: first.kind === 'refused' ? `refused: ${result}` : result };
  });
}

function printOrders(output: Output, orders: readonly Told[], all: boolean): void {
  const shown = orders.filter(({ result }) => all || result !== ELSEWHERE);
  if (shown.length === 0) output.out('nothing was ordered\n');
  else
    printTable(
      output,
      ['line', 'when', 'who', 'from', 'node', 'what', 'result'],
      shown.map(({ first, result }) => [
        String(first.number),
        timeOf(first.row.stamp),
        first.who,
        first.from,
        first.node,
        [first.what, first.detail].filter(Boolean).join(' '),
        first.count > 1 ? `${result} (${first.count} times)` : result,
      ]),
    );
  const hidden = orders.length - shown.length;
  if (hidden > 0) output.notes(`${hidden} sent on to the leader; --all shows them\n`);
}

function jsonOf({ number, row, call, at, ...line }: Recorded): object {
  return {
    number,
    time: timeOf(row.stamp),
    ...line,
    call: toHex(call),
    at,
    stamp: row.stamp,
    index: row.index,
    hash: toHex(row.hash),
  };
}

function msOf(stamp: bigint): number {
  return Number(stamp >> 16n);
}

function timeOf(stamp: bigint): string {
  return new Date(msOf(stamp)).toISOString();
}

/** Milliseconds since 1970 of a date, or of so long before `nowMs`. */
export function momentOf(text: string, nowMs: number): number {
  const ago = /^(\d+)([smhd])$/.exec(text);
  const ms = ago ? nowMs - Number(ago[1]) * UNITS[ago[2]!]! * 1000 : Date.parse(text);
  if (Number.isFinite(ms)) return ms;
  throw new CaissonError('INVALID_ARGUMENT', { field: 'since', limit: 'a date, or like 90s, 15m, 24h, 7d' });
}
