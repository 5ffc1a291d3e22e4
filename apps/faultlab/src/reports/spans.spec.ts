import { describeFault, type Fault } from '../faults/fault.js';
import { planOf } from '../faults/plan.js';
import { spansOf } from './spans.js';
import { REPORT_SCHEMA } from './report.js';
import { StoredReport, type StoredRun } from './stored.js';
import { timelineOf } from './timeline.js';

const COUNTS = { simulatedMs: 9000, events: 10, acknowledged: 3, checked: 5, entries: 4, terms: 1 };
const MORE = { installs: 0, seals: 7, bytesScanned: 100, nodes: 3, beyond: 0 };

function run(...faults: readonly (readonly [atMs: number, fault: Fault])[]): StoredRun {
  const plan = planOf(
    { seed: 1, stormMs: 5000 },
    faults.map(([atMs, fault]) => ({ atMs: atMs - 1000, fault })),
  );
  const story = faults.map(([atMs, fault]) => ({ atMs, text: describeFault(fault), kind: fault.kind }));
  const kept = {
    ...{ seed: 1, traceHash: '', findings: [], begunAtMs: 1000, effective: {}, lanes: { n1: [] } },
    ...{ counts: { ...COUNTS, ...MORE }, wallMs: 1, story, plan },
  };
  const about = { schema: REPORT_SCHEMA, command: 'sim', node: 'v20', untested: [] };
  return StoredReport.parse({ ...about, runs: [kept] }).runs[0]!;
}

test('a fault lasts until it is taken back from its own node, or until the storm ends', () => {
  const spans = spansOf(
    run(
      [1100, { kind: 'pause', node: 'n1' }],
      [1200, { kind: 'pause', node: 'n2' }],
      [1300, { kind: 'crash', node: 'n3' }],
      [1500, { kind: 'resume', node: 'n1' }],
    ),
  );
  expect(spans.map(({ fromMs, untilMs }) => [fromMs, untilMs])).toEqual([
    [1100, 1500],
    [1200, 6000],
  ]);
});

test('relief for all ends every one of its kind, and the drawing has a bar for each', () => {
  const stored = run(
    [1100, { kind: 'cut', links: [['n1', 'n2']] }],
    [1200, { kind: 'mute', links: [['n2', 'n1']] }],
    [2000, { kind: 'heal' }],
  );
  expect(spansOf(stored).map(({ untilMs }) => untilMs)).toEqual([2000, 2000]);
  expect(timelineOf(stored).match(/class="span"/g)).toHaveLength(2);
});
