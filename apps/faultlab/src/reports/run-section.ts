import { describeFinding, gravest, RULES } from '../oracles/rules.js';
import { courseOf } from './course.js';
import { escaped } from './markup.js';
import { type Telling, tellingOf } from './prose.js';
import { commandOf } from './terminal.js';
import { sideBySide, switches } from './side-by-side.js';
import type { StoredRun, StoredShrunk } from './stored.js';
import { timelineOf } from './timeline.js';

const FINDINGS_SHOWN = 10;
const STORY_LINES = 2000;
/** What is drawn behind the place where it broke. */
const AFTER_MS = 40;

const BARE = 'Calls, messages and what nodes knew were not recorded; <code>replay --json</code> does so.';

const LEGEND = [
  ['leads', 'leads'],
  ['serves', 'follows'],
  ['starts', 'starts'],
  ['down', 'is down'],
  ['fault', 'fault'],
  ['ok', 'acknowledged'],
  ['refused', 'refused'],
  ['open', 'never answered'],
]
  .map(([kind, text]) => `<span><i class="key" style="background:var(--${COLOUR(kind!)})"></i>${text}</span>`)
  .join('');

function COLOUR(kind: string): string {
  return { ok: 'good', refused: 'bad' }[kind] ?? kind;
}

/** One run: what broke in words, the moments before it, the whole of it, and the story. */
export function runSection(run: StoredRun, shrunk?: StoredShrunk): string {
  const { findings, plan, seed, story = [], traceHash } = run;
  const worst = gravest(findings);
  const telling = tellingOf(run);
  const words = findings.slice(0, FINDINGS_SHOWN).map(describeFinding);
  const more = findings.length - words.length;
  const lines = story
    .slice(0, STORY_LINES)
    .map(({ atMs, text }) => `${String(atMs).padStart(7)} ms  ${text}`);
  const about = [
    plan?.isEncrypted ? 'encrypted' : 'not encrypted',
    plan?.hasShortLogs ? 'short logs' : 'long logs',
    ...(plan?.plant === undefined ? [] : [`planted: ${plan.plant}`]),
    `trace ${traceHash}`,
  ];
  const again = plan === undefined ? [] : ['replay', 'shrink'].map((name) => commandOf(name, plan));
  const title = worst === undefined ? 'broke nothing' : `broke ${worst.rule}: ${RULES[worst.rule].statement}`;
  return [
    `<section aria-labelledby="seed-${seed}"><h2 id="seed-${seed}">Seed ${seed} ${escaped(title)}</h2>`,
    `<p class="about-run">${escaped(about.join(', '))}</p>`,
    ...(again.length === 0 ? [] : [`<pre class="about-run">${escaped(again.join('\n'))}</pre>`]),
    ...(telling === undefined ? [] : toldAs(run, telling)),
    ...(telling !== undefined && run.record === undefined ? [`<p class="about-run">${BARE}</p>`] : []),
    figure(run, telling),
    ...(plan === undefined || shrunk === undefined ? [] : [sideBySide(plan, shrunk)]),
    ...(words.length === 0
      ? []
      : [
          `<details><summary>All that was found (${findings.length})</summary>`,
          `<pre class="bad">${escaped(words.join('\n'))}${more > 0 ? `\nand ${more} more` : ''}</pre></details>`,
        ]),
    `<details><summary>Story</summary><pre>${escaped(lines.join('\n'))}</pre></details></section>`,
  ].join('\n');
}

function toldAs(run: StoredRun, telling: Telling): readonly string[] {
  const course = courseOf(run, telling).map(({ atMs, kind, text }) => {
    return `<li class="${kind}"><b>${atMs}</b>${escaped(text)}</li>`;
  });
  return [
    `<h3>What broke</h3><div class="prose">${telling.paragraphs.map((text) => `<p>${escaped(text)}</p>`).join('')}</div>`,
    ...(telling.listing === undefined
      ? []
      : [`<pre class="bad">${escaped(telling.listing.join('\n'))}</pre>`]),
    `<h3>How it came to that</h3><ol class="course">${course.join('')}</ol>`,
  ];
}

function figure(run: StoredRun, telling: Telling | undefined): string {
  const { record } = run;
  const key = telling?.key;
  const isClose = record !== undefined && telling !== undefined;
  const near = isClose
    ? [
        `<h3>The moments before</h3>`,
        timelineOf(run, {
          key,
          isClose,
          span: { fromMs: Math.floor(telling.sinceMs), untilMs: telling.atMs + AFTER_MS },
        }),
      ]
    : [];
  const left = (record?.leftOut ?? []).map(escaped).join('; ');
  return [
    `<figure class="timeline" style="margin:0" data-broken="${telling?.atMs ?? run.counts.simulatedMs / 2}">`,
    `<div class="bar">${switches(record, key)}</div><div class="bar">${LEGEND}</div>`,
    ...near,
    `<h3>All of it</h3><div class="bar">${BUTTONS}</div>`,
    timelineOf(run, { key }),
    ...(left === '' ? [] : [`<p class="about-run">Left out: ${left}.</p>`]),
    '</figure>',
  ].join('\n');
}

const BUTTONS = [
  ['+', 'nearer (+)'],
  ['-', 'farther (-)'],
  ['0', 'all (0)'],
  ['b', 'where it broke (b)'],
]
  .map(([value, text]) => `<button type="button" value="${value}" hidden>${text}</button>`)
  .join('');
