import type { Fault } from '../src/faults/fault.js';
import { planOf } from '../src/faults/plan.js';
import { toPage } from '../src/reports/page.js';
import { toReport } from '../src/reports/report.js';
import { StoredReport } from '../src/reports/stored.js';
import { runPlan } from '../src/storm/storm.js';
import type { Verdict } from '../src/storm/verdict.js';

// A node that is cut off from the leader, and whose reads trust whatever it has applied.
const cut: Fault = { kind: 'mute', links: [['n1', 'n3']] };
const plan = planOf({ seed: 2, stormMs: 2500 }, [{ atMs: 800, fault: cut }]);
const extras = { plant: 'reads-the-past' };

describe('a storm that is recorded', () => {
  let plain: Verdict;
  let seen: Verdict;

  beforeAll(async () => {
    plain = await runPlan(plan, extras);
    seen = await runPlan(plan, { ...extras, isRecorded: true });
  });

  it('is the storm that it is without', () => {
    expect(seen.traceHash).toBe(plain.traceHash);
    expect(seen.findings).toEqual(plain.findings);
    expect(plain.record).toBeUndefined();
  });

  it('holds calls, messages and entries, and no answer that its client did not get', () => {
    const { calls, entries, messages, nodes } = seen.record!;
    const written = calls.filter(({ end, what }) => what === 'write' && end === 'ok');
    expect(written.length).toBeGreaterThan(10);
    for (const { key, value } of written) {
      const isIn = entries.some(({ writes }) =>
        writes.some((each) => each.key === key && each.value === value),
      );
      expect(isIn).toBe(true);
    }
    expect(messages.some(({ what }) => what.includes('append entr'))).toBe(true);
    expect(Object.keys(nodes)).toEqual(expect.arrayContaining(['n1', 'n2', 'n3']));
  });

  it('knows the past of the answer that broke a rule, which no later message is in', () => {
    const { messages, slice } = seen.record!;
    expect(slice?.lane).toMatch(/^c\d$/);
    const past = messages.filter(({ isPast }) => isPast);
    expect(past.length).toBeGreaterThan(0);
    expect(past.length).toBeLessThan(messages.length);
    for (const { arrivedAtMs, sentAtMs } of past) {
      expect(arrivedAtMs ?? sentAtMs).toBeLessThanOrEqual(slice!.atMs);
    }
  });

  it('makes a page that says what was read and what had been acknowledged, in closed tags', () => {
    const report = toReport([{ ...seen, wallMs: 1 }], { command: 'sim', node: 'v20', isWhole: false });
    const page = toPage(StoredReport.parse(JSON.parse(JSON.stringify(report))));
    expect(page).toMatch(/Client c\d read the key k[\d.]+ through n\d/);
    expect(page).toMatch(/had been acknowledged to c\d by n\d at/);
    expect(page.length).toBeLessThan(2_000_000);
    expect(unclosed(page)).toEqual([]);
  });
});

const ALONE = new Set(['meta', 'input', 'rect', 'path', 'line', 'br']);

function unclosed(page: string): readonly string[] {
  const open: string[] = [];
  const body = page.replace(/<(script|style)>[^]*?<\/\1>/g, '').replace(/^<!doctype html>/, '');
  for (const [whole, end, name = ''] of body.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*>/g)) {
    if (end === '/' && open.at(-1) === name) open.pop();
    else if (end === '/') return [...open, whole];
    else if (!whole.endsWith('/>') && !(ALONE.has(name) && !body.includes(`</${name}>`))) open.push(name);
  }
  return open;
}
