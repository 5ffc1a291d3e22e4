import {
  type AuditHead,
  AUDIT_START,
  type AuditLine,
  type AuditRow,
  encodeAuditLine,
} from '@caisson/formats';
import { NodeHashes } from '@caisson/platform-node';
import { ChainWalk, linkLine } from './chain.js';

const hashes = new NodeHashes();

function line(what: string): Uint8Array {
  const texts = { node: 'n1', who: 'ada', from: '10.0.0.1:4000', what, detail: '', result: 'ok' };
  const content: AuditLine = { kind: 'ended', call: new Uint8Array(16), at: 1n, count: 1, ...texts };
  return encodeAuditLine(content);
}

function chain(whats: readonly string[]): { rows: AuditRow[]; head: AuditHead } {
  let head = AUDIT_START;
  const rows: AuditRow[] = [];
  for (const [at, what] of whats.entries()) {
    const linked = linkLine(hashes, head, { at: BigInt(at + 1) << 16n, index: 10 + at, line: line(what) });
    rows.push(linked.row);
    head = linked.head;
  }
  return { rows, head };
}

/** What a walk finds over rows with these numbers, and the head that goes with them. */
function walk(numbered: readonly (readonly [number, AuditRow])[], head: AuditHead) {
  const walked = new ChainWalk(hashes);
  for (const [number, row] of numbered) if (!walked.take(number, row)) break;
  return walked.meet(head, 'the head');
}

const { rows, head } = chain(['a', 'b', 'c', 'd', 'e']);
const numbered = () => rows.map((row, at) => [at + 1, row] as const);

test('a chain that nobody touched is whole', () => {
  expect(walk(numbered(), head)).toBeUndefined();
  expect(walk([], AUDIT_START)).toBeUndefined();
});

test('stamps rise although clocks fall, and the counter of the clock carries on', () => {
  const first = linkLine(hashes, AUDIT_START, { at: 9n << 16n, index: 1, line: line('a') });
  const second = linkLine(hashes, first.head, { at: 4n << 16n, index: 2, line: line('b') });
  expect(second.row.stamp).toBe((9n << 16n) + 1n);
});

test.each<[string, (all: (readonly [number, AuditRow])[]) => (readonly [number, AuditRow])[], number]>([
  ['changed', (all) => all.with(2, [3, { ...rows[2]!, line: line('x') }]), 3],
  ['given another stamp', (all) => all.with(2, [3, { ...rows[2]!, stamp: rows[2]!.stamp + 1n }]), 3],
  ['given another position', (all) => all.with(2, [3, { ...rows[2]!, index: 99 }]), 3],
  ['set back in time', (all) => all.with(2, [3, { ...rows[2]!, stamp: 0n }]), 3],
  ['given another hash', (all) => all.with(1, [2, { ...rows[1]!, hash: new Uint8Array(32) }]), 2],
  ['removed', (all) => all.toSpliced(1, 1), 2],
  ['removed and the rest renumbered', (all) => all.toSpliced(1, 1).map(([, row], at) => [at + 1, row]), 2],
  ['swapped with the next', (all) => all.with(1, [2, rows[2]!]).with(2, [3, rows[1]!]), 2],
  ['repeated', (all) => all.toSpliced(2, 0, [2, rows[1]!]), 2],
  ['cut off at the end', (all) => all.slice(0, 3), 4],
  ['all removed', () => [], 1],
])('a line that was %s is found, and named', (_what, tamper, number) => {
  expect(walk(tamper(numbered()), head)).toMatchObject({ number });
});

test('a line cut off together with its head row is found by a head that was noted elsewhere', () => {
  const cut = chain(['a', 'b', 'c']);
  expect(walk(numbered().slice(0, 3), cut.head)).toBeUndefined();
  expect(walk(numbered().slice(0, 3), head)).toMatchObject({
    number: 4,
    problem: expect.stringMatching(/missing/),
  });
});

test('a chain that was computed anew from some line on is found by a head that was noted elsewhere', () => {
  const forged = chain(['a', 'b', 'x', 'd', 'e']);
  expect(
    walk(
      forged.rows.map((row, at) => [at + 1, row]),
      forged.head,
    ),
  ).toBeUndefined();
  expect(
    walk(
      forged.rows.map((row, at) => [at + 1, row]),
      head,
    ),
  ).toMatchObject({ number: 5 });
});
