import { describeStep, type Plan, type Step } from '../faults/plan.js';
import type { StormRecord } from '../trace/record.js';
import { escaped } from './markup.js';
import { tellingOf } from './prose.js';
import type { StoredRun, StoredShrunk } from './stored.js';
import { timelineOf } from './timeline.js';

const AFTER_MS = 40;

/** A plan beside what is left of it: what could go is struck out, and what is left says what came of it. */
export function sideBySide(original: Plan, shrunk: StoredShrunk): string {
  const { isMinimal, plan, run, tries } = shrunk;
  const left = new Set(plan.steps.map(nameOf));
  const before = new Set(original.steps.map(nameOf));
  const all = original.steps.map((step) => (left.has(nameOf(step)) ? tell(step) : `<s>${tell(step)}</s>`));
  const rest = plan.steps.map((step) => (before.has(nameOf(step)) ? tell(step) : `${tell(step)} (changed)`));
  const end = isMinimal ? 'None of it can go.' : 'More of it might go.';
  return [
    '<h3>What it needs</h3><div class="plans">',
    `<div><h4>The storm: ${count(original)}</h4>${list(all)}</div>`,
    `<div><h4>What is left: ${count(plan)}</h4>${list(rest)}`,
    `<p class="about-run">${tries} tries. ${end}</p></div></div>`,
    ...(run === undefined ? [] : drawn(run)),
  ].join('\n');
}

/** The moments before it broke, where only the rest was done. */
function drawn(run: StoredRun): readonly string[] {
  const telling = tellingOf(run);
  if (telling === undefined || run.record === undefined) return [];
  const { atMs, key, paragraphs, sinceMs } = telling;
  const words = paragraphs.map((text) => `<p>${escaped(text)}</p>`);
  const span = { fromMs: Math.floor(sinceMs), untilMs: atMs + AFTER_MS };
  return [
    '<h3>With that alone</h3>',
    `<div class="prose">${words.join('')}</div>`,
    `<div class="timeline"><div class="bar">${switches(run.record, key)}</div>`,
    `${timelineOf(run, { key, span, isClose: true })}</div>`,
  ];
}

/** What can be left away in a drawing. */
export function switches(record: StormRecord | undefined, key: string | undefined): string {
  const dim = '<label><input type="checkbox" class="dim" checked> dim what had no influence on it</label>';
  const only = `<label><input type="checkbox" class="only"> only what is about ${escaped(key ?? '')}</label>`;
  return [...(record?.slice === undefined ? [] : [dim]), ...(key === undefined ? [] : [only])].join('');
}

function count({ steps, stormMs }: Plan): string {
  return `${steps.length} ${steps.length === 1 ? 'step' : 'steps'}, ${stormMs / 1000} s`;
}

function list(items: readonly string[]): string {
  const lines = items.map((item) => `<li>${item}</li>`).join('');
  return items.length === 0 ? '<p>No fault at all.</p>' : `<ol>${lines}</ol>`;
}

function nameOf(step: Step): string {
  return JSON.stringify(step);
}

function tell(step: Step): string {
  return escaped(describeStep(step));
}
