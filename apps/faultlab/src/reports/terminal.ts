import Table from 'cli-table3';
import type { Run } from '../campaigns/campaign.js';
import { type Counted, type Numbers, numbersOf, spentOn } from '../campaigns/numbers.js';
import { CELLS } from '../faults/cells.js';
import { describeFinding, gravest } from '../oracles/rules.js';
import { type EffectiveFaults, faultCount } from '../storm/verdict.js';
import type { Row } from './comparison.js';

const STORY_LINES = 40;
const FINDINGS_SHOWN = 5;

/** One line per seed, while it goes on. */
export function lineOf(run: Counted & Pick<Run, 'seed' | 'traceHash'> & { plan?: Run['plan'] }): string {
  const { counts, effective, findings, plan, seed, traceHash } = run;
  const worst = gravest(findings);
  const columns = [
    `seed ${String(seed).padStart(6)}`,
    traceHash,
    `${String(faultCount(effective)).padStart(3)} faults`,
    `${String(counts.checked).padStart(4)} operations`,
    `${(counts.simulatedMs / spentOn(run)).toFixed(1).padStart(5)}x`,
    worst === undefined ? 'ok' : `BROKEN ${worst.rule}`,
    ...(plan?.title === undefined ? [] : [plan.title]),
  ];
  return columns.join('  ');
}

/** How fast it goes, and how long it will take. */
export function progressOf(done: number, total: number, elapsedMs: number): string {
  const perSecond = (done * 1000) / Math.max(elapsedMs, 1);
  const etaS = Math.ceil((total - done) / perSecond);
  return `${done} of ${total}, ${perSecond.toFixed(2)} seeds/s, ${etaS} s to go`;
}

export function tableOf(runs: readonly Counted[]): string {
  const {
    effective,
    effectiveById,
    emptyCells,
    failed,
    looks,
    medianFaults,
    schedules,
    speed,
    total,
    wallMs,
    cpuMs,
  } = numbersOf(runs);
  const table = new Table({ style: { head: [], border: [] }, colWidths: [38, 84], wordWrap: true });
  table.push(
    ['schedules', `${schedules}, ${failed} of them broke a rule`],
    ['beyond what a quorum can mend', `${total.beyond} of ${schedules}`],
    ['simulated time', `${(total.simulatedMs / 3_600_000).toFixed(3)} h`],
    ['real time, processor time', `${(wallMs / 1000).toFixed(1)} s, ${(cpuMs / 1000).toFixed(1)} s`],
    ['simulated : real, one core', `${speed.toFixed(1)}x`],
    ['effective faults', describeFaults(effective)],
    ['effective faults by id', describeFaults(effectiveById).replaceAll('\n', ', ')],
    ['meetings of faults with roles and phases', describeCells(emptyCells)],
    ['effective faults per schedule', `${medianFaults} (median)`],
    ['operations checked', `${total.checked}, of them ${total.acknowledged} acknowledged writes`],
    ['entries, terms, installed snapshots', `${total.entries}, ${total.terms}, ${total.installs}`],
    ['seals through the nonce ledger', String(total.seals)],
    ['bytes searched for values', String(total.bytesScanned)],
    ['events in traces', String(total.events)],
    ['looks at rules, and those that could fail', describeLooks(looks)],
  );
  return table.toString();
}

function describeFaults(effective: EffectiveFaults): string {
  const kinds = Object.entries(effective).sort(([, a], [, b]) => b - a);
  return [String(faultCount(effective)), ...kinds.map(([kind, count]) => `${kind} ${count}`)].join('\n');
}

/** The empty ones are in the report. */
function describeCells(empty: readonly string[]): string {
  return `${CELLS.length - empty.length} of ${CELLS.length}`;
}

function describeLooks(looks: Numbers['looks']): string {
  const rules = Object.entries(looks).sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
  return rules.map(([rule, { couldFail, evaluated }]) => `${rule} ${evaluated}/${couldFail}`).join('  ');
}

/** What runs a storm again: by its seed, or where no seed draws it by the report that it is the first of. */
export function commandOf(name: string, plan: Run['plan']): string {
  const { mood, plant, profile, seed, stormMs, title } = plan;
  const planted = plant === undefined ? '' : ` --plant ${plant}`;
  if (title !== undefined) return `npm run -s faultlab -- ${name} --plan report.json${planted}`;
  const drawnBy = profile ?? (mood === undefined ? 'usual' : 'swarm');
  const named = drawnBy === 'swarm' ? '' : ` --profile ${drawnBy}`;
  return `npm run -s faultlab -- ${name} --seed ${seed}${named} --seconds ${stormMs / 1000}${planted}`;
}

/** How it came to what it broke. */
export function tellingOf({ findings, plan, seed, story }: Run): string {
  const tail = story.slice(-STORY_LINES).map(({ atMs, text }) => `  ${String(atMs).padStart(7)} ms  ${text}`);
  const words = findings.slice(0, FINDINGS_SHOWN).map((finding) => `  ${describeFinding(finding)}`);
  const more = findings.length > words.length ? [`  and ${findings.length - words.length} more`] : [];
  const commands = ['replay', 'shrink'].map((name) => `  ${name}: ${commandOf(name, plan)}`);
  return [`seed ${seed}`, ...tail, ...words, ...more, ...commands].join('\n');
}

export function comparisonTable(rows: readonly Row[]): string {
  const table = new Table({ head: ['', 'before', 'now', 'change'], style: { head: [], border: [] } });
  for (const row of rows) table.push([...row]);
  return table.toString();
}
