import { planOf } from '../faults/plan.js';
import type { Finding } from '../oracles/rules.js';
import type { Call, Message, StormRecord } from '../trace/record.js';
import { tellingOf } from './prose.js';
import type { StoredRun } from './stored.js';

const COUNTS = { simulatedMs: 9000, events: 10, acknowledged: 3, checked: 5, entries: 4, terms: 1 };
const MORE = { installs: 0, seals: 7, bytesScanned: 100, nodes: 3, beyond: 0 };

const call = (more: Partial<Call>): Call => {
  return { client: 'c0', node: 'n1', what: 'write', key: 'k', fromMs: 0, end: 'ok', isPast: true, ...more };
};

const RECORD: StormRecord = {
  calls: [
    call({ value: 'canary:old', fromMs: 1000, untilMs: 1010 }),
    call({ value: 'canary:lost', fromMs: 1020, untilMs: 1030, end: 'refused', said: 'conflict' }),
    call({ value: 'canary:new', fromMs: 1100, untilMs: 1160 }),
    call({ client: 'c2', node: 'n3', what: 'get', value: 'canary:old', fromMs: 1200, untilMs: 1203 }),
  ],
  works: [],
  nodes: {
    n3: {
      standings: [{ atMs: 5, term: 2, leader: 'n1' }],
      reached: [{ atMs: 1010, applied: 41, durable: 41 }],
    },
  },
  entries: [
    { index: 41, term: 2, writes: [{ key: 'k', value: 'canary:old' }], appliedAtMs: { n1: 1005, n3: 1010 } },
    { index: 42, term: 2, writes: [{ key: 'k', value: 'canary:lost' }], appliedAtMs: { n1: 1025 } },
    { index: 57, term: 2, writes: [{ key: 'k', value: 'canary:new' }], appliedAtMs: { n1: 1150, n3: 1900 } },
  ],
  messages: [],
  foundAt: [],
  sealedBefore: [],
  leftOut: [],
};

function run(finding: Partial<Finding>, record: Partial<StormRecord> = {}): StoredRun {
  return {
    seed: 2,
    traceHash: '0',
    findings: [{ rule: 'T11', atMs: 6000, text: 'broken', ...finding }],
    begunAtMs: 1000,
    effective: {},
    effectiveById: {},
    looks: {},
    counts: { ...COUNTS, ...MORE },
    wallMs: 500,
    plan: planOf({ seed: 2, stormMs: 5000 }, [{ atMs: 100, fault: { kind: 'pause', node: 'n3' } }]),
    story: [{ atMs: 1100, text: 'n3 hangs', kind: 'pause' }],
    lanes: { n3: [{ atMs: 5, state: 'serves' }] },
    record: { ...RECORD, ...record },
  };
}

const tell = (...args: Parameters<typeof run>) => tellingOf(run(...args))!.paragraphs.join(' ');

test('a stale read is told with what it should have seen, who was told of that, and how far its node was', () => {
  const about = { key: 'k', saw: 'canary:old', untilMs: 1203 };
  const told = tell({ about });
  expect(told).toContain(
    'Client c2 read the key k through n3, from 1,200 ms to 1,203 ms, and was told “old”',
  );
  expect(told).toContain('“new” came after it in the log (entry 57 behind entry 41)');
  expect(told).toContain('acknowledged to c0 by n1 at 1,160 ms, 40 ms before the read began');
  expect(told).toContain('n3 applied entry 57 at 1,900 ms, 700 ms after the read began');
  expect(told).toContain('it sent no message to any other node');
  expect(told).not.toContain('lost');
  expect(tellingOf(run({ about }))).toMatchObject({ key: 'k', atMs: 1203 });
});

test('a value that no entry wrote is told apart from one that is not decided yet', () => {
  const read = call({
    client: 'c2',
    node: 'n3',
    what: 'get',
    value: 'canary:ghost',
    fromMs: 900,
    untilMs: 901,
  });
  const about = { key: 'k', saw: 'canary:ghost', untilMs: 901 };
  expect(tell({ about }, { calls: [read] })).toContain('No entry of the log ever wrote that');
  const early = { ...read, value: 'canary:new' };
  expect(tell({ about: { ...about, saw: 'canary:new' } }, { calls: [early] })).toContain(
    'Entry 57, which wrote it, was applied by nobody before 1,150 ms',
  );
});

test('of two leaders of a term it is told who voted twice', () => {
  const vote = (from: string, to: string): Message => {
    return { from, to, what: 'vote in term 4: yes', sentAtMs: 7, isPast: true };
  };
  const messages = [vote('n3', 'n1'), vote('n2', 'n1'), vote('n3', 'n2')];
  const told = tell({ rule: 'R1', text: 'n2 and n1 both lead term 4' }, { messages });
  expect(told).toContain(
    'n3 for n1 at 7 ms, n2 for n1 at 7 ms and n3 for n2 at 7 ms. n3 voted more than once.',
  );
});

test('what came out at a node is told with its state and the entry that it is about', () => {
  const told = tell({ rule: 'R3', atMs: 1150, text: 'n3 applied at 57: other bytes' }, { foundAt: ['n3'] });
  expect(told).toContain('At 1,150 ms: n3 applied at 57');
  expect(told).toContain('n3 served (since 5 ms) in term 2 led by n1 and had applied the log up to entry 41');
  expect(told).toContain('Entry 57 of term 2 (k = new) was applied by n1 at 1,150 ms and n3 at 1,900 ms');
});

test('of a nonce that comes twice it is told who sealed under it first, and what it says of itself', () => {
  const nonce = `d9d90003${'0'.repeat(15)}7`;
  const text = `two texts are sealed under 7c4f538452f76e15 ${nonce}`;
  const told = tell({ rule: 'E1', text }, { foundAt: ['n3'], sealedBefore: ['process 1 of n3 at 82 ms'] });
  expect(told).toContain('The nonce says: node d9d9, epoch 3, seal 7 in it');
  expect(told).toContain('The first text under it was sealed by process 1 of n3 at 82 ms.');
});

test('of a cluster that stands still it is told since when, and who waits', () => {
  const waiting = call({ client: 'c1', value: 'canary:never', fromMs: 1950, end: 'open' });
  const finding = { rule: 'L1', atMs: 32_000, text: 'not within 30000 ms: clients write again' } as const;
  const told = tell(finding, { calls: [waiting] });
  expect(told).toContain(
    'After 1,900 ms nothing was applied any more: entry 57 was the last, 30,100 ms before.',
  );
  expect(told).toContain('c1 writes k = never at n1, 1950 ms: never answered');
  expect(tellingOf(run(finding))).toMatchObject({ sinceMs: 1400, ending: 'and so it stayed' });
});

test('what was read as of a moment is told with the calls that did so', () => {
  const ts = '111411200148766720';
  const scan = call({ client: 'c2', what: 'scan', key: 'a', fromMs: 1300, untilMs: 1304, ts });
  const slice = { finding: 0, lane: 'c2', atMs: 1304, untilMs: {} };
  const told = tell({ rule: 'T9', text: `a scan at ${ts} has k where m is next` }, { calls: [scan], slice });
  expect(told).toContain('At 1,304 ms: a scan at');
  expect(told).toContain('As of that moment: c2 scans from a at n1, 1300 to 1304 ms: done.');
});

test('a finding that names an answer is told rather than one of its rule that does not', () => {
  const about = { key: 'k', saw: 'canary:old', untilMs: 1203 };
  const findings: Finding[] = [
    { rule: 'T11', atMs: 6000, text: 'something' },
    { rule: 'T11', atMs: 6000, text: 'a read', about },
  ];
  const told = tellingOf({ ...run({}), findings })?.paragraphs[0];
  expect(told).toContain('Client c2 read the key k');
});

test('what the story should not tell is told with its time, and what a client met with its call', () => {
  const forbidden = tell({ rule: 'H8', text: 'the story tells of n. hangs' });
  expect(forbidden).toContain('At 1,100 ms: the story tells of n. hangs.');
  expect(forbidden).toContain('That is: “n3 hangs”.');
  const met = { rule: 'E5', atMs: 1203, text: 'an error to a client holds a value' } as const;
  expect(tell(met, { foundAt: ['c2'] })).toContain(
    'It came with an answer: c2 reads k at n3, 1200 to 1203 ms: old.',
  );
});

test('nothing is told of a run that broke nothing', () => {
  expect(tellingOf({ ...run({}), findings: [] })).toBeUndefined();
});
