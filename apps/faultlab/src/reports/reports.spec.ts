import { createHash } from 'node:crypto';
import type { Run } from '../campaigns/campaign.js';
import { planOf, type Profile, PROFILES } from '../faults/plan.js';
import { toJunit } from './junit.js';
import { toPage } from './page.js';
import { SHRUNK_SCHEMA, toReport } from './report.js';
import { StoredReport, StoredShrunk } from './stored.js';
import { commandOf, progressOf, tableOf, tellingOf } from './terminal.js';

const COUNTS = { simulatedMs: 9000, events: 10, acknowledged: 3, checked: 5, entries: 4, terms: 1 };
const MORE = { installs: 0, seals: 7, bytesScanned: 100, nodes: 3, beyond: 0 };

function run(seed: number, text?: string): Run {
  return {
    seed,
    traceHash: '0123456789abcdef',
    plan: planOf({ seed, stormMs: 5000 }, [{ atMs: 100, fault: { kind: 'crash', node: 'n1' } }]),
    findings: text === undefined ? [] : [{ rule: 'T1', atMs: 6000, text }],
    story: [{ atMs: 1100, text: 'n1 crashes', kind: 'crash' }],
    lanes: {
      n1: [
        { atMs: 0, state: 'leads' },
        { atMs: 1100, state: 'down' },
      ],
    },
    begunAtMs: 1000,
    effective: { crash: seed },
    effectiveById: { P1: seed },
    looks: { R1: { evaluated: 2, couldFail: 1 } },
    counts: { ...COUNTS, ...MORE },
    wallMs: 500,
  };
}

const about = { command: 'sim', node: 'v20', isWhole: false };
const read = (runs: readonly Run[]) => StoredReport.parse(JSON.parse(JSON.stringify(toReport(runs, about))));

test('a report keeps the story of what failed, adds up the rest, and names the gravest failure', () => {
  const report = toReport([run(1), run(2, 'broken'), run(9)], about);
  expect(report.verdict).toEqual({ class: 'safety', rule: 'T1', seed: 2 });
  expect(report.runs.map((kept) => 'story' in kept)).toEqual([false, true, false]);
  expect(report.numbers).toMatchObject({ schedules: 3, failed: 1, medianFaults: 2, speed: 18 });
  expect(report.numbers.effective).toEqual({ crash: 12 });
  expect(report.numbers.effectiveById).toEqual({ P1: 12 });
  expect(report.numbers.looks['R1']?.evaluated).toBe(2 * report.runs.length);
  expect(report.numbers.total).toMatchObject({ simulatedMs: 27_000, seals: 21 });
});

test('a page draws each kept run, needs nothing from elsewhere, and runs nothing it was given', () => {
  const page = toPage(read([run(1), run(2, '<script>alert(1)</script>')]));
  expect(page.match(/<svg/g)).toHaveLength(1);
  expect(page).toContain('<title>n1 is down, 1100 to 9000 ms</title>');
  expect(page).toContain('class="dot fault"');
  expect(page).not.toMatch(/https?:|src=|href=|url\(/);
  const [, script = ''] = /<script>([^]*)<\/script>/.exec(page) ?? [];
  const digest = createHash('sha256').update(script).digest('base64');
  expect(page.match(/<script/g)).toHaveLength(1);
  expect(page).toContain(`default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${digest}'`);
});

test('a page that would grow too large says what it leaves out', () => {
  const long = { ...run(3, 'broken'), story: [{ atMs: 1, text: 'x'.repeat(1_999_000) }] };
  const page = toPage(read([long, run(4, 'broken')]));
  expect(page.length).toBeLessThan(2_000_000);
  expect(page).toContain('Seed 3 is left out: the page would be too large.');
  expect(page).toContain('id="seed-4"');
});

test('what is left of a plan stands beside it, and what could go is struck out', () => {
  const steps = [
    { atMs: 100, fault: { kind: 'crash', node: 'n1' } },
    { atMs: 200, fault: { kind: 'crash', node: 'n2' } },
  ] as const;
  const plan = planOf({ seed: 2, stormMs: 5000 }, steps);
  const left = { ...plan, steps: [steps[1]] };
  const shrunk = { schema: SHRUNK_SCHEMA, rule: 'T1', tries: 9, isMinimal: true, plan: left, findings: [] };
  const page = toPage(read([{ ...run(2, 'broken'), plan }]), StoredShrunk.parse(shrunk));
  expect(page).toContain('<s>   100 ms  n1 crashes</s>');
  expect(page).toContain('<li>   200 ms  n2 crashes</li>');
  expect(page).toContain('9 tries. None of it can go.');
  expect(toPage(read([run(1, 'broken')]), StoredShrunk.parse(shrunk))).not.toContain('What it needs');
});

test('a test case fails for each seed that broke a rule', () => {
  const xml = toJunit([run(1), run(2, 'a < b')]);
  expect(xml).toContain('tests="2" failures="1"');
  expect(xml).toContain('a &lt; b');
  expect(xml.match(/<testcase/g)).toHaveLength(2);
});

test('what runs a storm again names the profile that draws it, or the report where no seed does', () => {
  const plan = (profile: Profile) => planOf({ seed: 5, stormMs: 2000, profile });
  const commands = PROFILES.map((profile) => commandOf('replay', plan(profile)));
  expect(new Set(commands).size).toBe(PROFILES.length);
  expect(commands).toContain('npm run -s faultlab -- replay --seed 5 --profile disks --seconds 2');
  const directed = commandOf('shrink', { ...plan('usual'), title: 'S1: one' });
  expect(directed).toBe('npm run -s faultlab -- shrink --plan report.json');
});

test('a terminal tells how to repeat a failure, and what was done', () => {
  expect(tellingOf(run(2, 'broken'))).toContain('replay --seed 2 --profile usual --seconds 5');
  expect(tableOf([run(1), run(2)])).toContain('10, of them 6 acknowledged writes');
  expect(progressOf(10, 30, 5000)).toBe('10 of 30, 2.00 seeds/s, 10 s to go');
});
