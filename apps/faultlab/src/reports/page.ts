import { describeFinding } from '../oracles/rules.js';
import { escaped } from './markup.js';
import type { StoredReport, StoredRun } from './stored.js';
import { tableOf } from './terminal.js';
import { timelineOf } from './timeline.js';

/** More would make a page that nobody opens. */
const RUNS_DRAWN_MAX = 20;
const FINDINGS_SHOWN = 10;

const STYLE = `
:root { color-scheme: light dark; --down: #9994; --starts: #e0b050; --serves: #6a9fd8; --leads: #2f6db5; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1200px; margin: 2rem auto; padding: 0 1rem; }
pre { overflow-x: auto; font: 12.5px/1.45 ui-monospace, monospace; }
svg { width: 100%; height: auto; display: block; margin: 1rem 0; }
svg text { font: 11px system-ui, sans-serif; fill: currentColor; }
.down { fill: var(--down); } .starts { fill: var(--starts); }
.serves { fill: var(--serves); } .leads { fill: var(--leads); }
.calm { fill: #8881; } .tick { stroke: #8884; } .fault { fill: #c2410c; } .relief { fill: #4d9a4d; }
.span { fill: #c2410c55; } pre.bad { white-space: pre-wrap; overflow-wrap: anywhere; }
.broken { stroke: #d11; stroke-width: 2; } .verdict { font-weight: 600; } .bad { color: #d11; }
.key { display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 1em; }
.key.down { background: var(--down); } .key.starts { background: var(--starts); }
.key.serves { background: var(--serves); } .key.leads { background: var(--leads); }
.key.fault { background: #c2410c; } .key.relief { background: #4d9a4d; } .key.broken { background: #d11; }
`;

const KEYS = ['leads', 'serves', 'starts', 'down', 'fault', 'relief', 'broken']
  .map((name) => `<span class="key ${name}"></span>${name}`)
  .join('');

/** One document that needs nothing but itself. */
export function toPage({ command, node, runs, untested }: StoredReport): string {
  const failed = runs.filter(({ findings }) => findings.length > 0);
  const drawn = runs.filter(({ lanes }) => lanes !== undefined).slice(0, RUNS_DRAWN_MAX);
  const verdict = failed.length === 0 ? 'No rule broke.' : `${failed.length} of ${runs.length} broke a rule.`;
  const bad = failed.length === 0 ? '' : ' bad';
  const body = [
    '<h1>Faultlab</h1>',
    `<p><span class="verdict${bad}">${verdict}</span> ${escaped(`${command}, Node.js ${node}`)}</p>`,
    `<pre>${escaped(tableOf(runs))}</pre>`,
    drawn.length === 0 ? '<p>No run is kept with its story; <code>--whole</code> keeps all.</p>' : KEYS,
    ...drawn.map(runOf),
    '<h2>What was not tested</h2>',
    `<ul>${untested.map((text) => `<li>${escaped(text)}</li>`).join('')}</ul>`,
  ];
  const head = `<meta charset="utf-8"><title>Faultlab: ${escaped(verdict)}</title><style>${STYLE}</style>`;
  return `<!doctype html>\n<html lang="en"><head>${head}</head><body>\n${body.join('\n')}\n</body></html>\n`;
}

function runOf(run: StoredRun): string {
  const { findings, plan, seed, story = [], traceHash } = run;
  const words = findings.slice(0, FINDINGS_SHOWN).map(describeFinding);
  const lines = story.map(({ atMs, text }) => `${String(atMs).padStart(7)} ms  ${text}`);
  const about = [
    plan?.isEncrypted ? 'encrypted' : 'not encrypted',
    plan?.hasShortLogs ? 'short logs' : 'long logs',
    ...(plan?.plant === undefined ? [] : [`planted: ${plan.plant}`]),
    `trace ${traceHash}`,
  ];
  return [
    `<h2>Seed ${seed}</h2><p>${escaped(about.join(', '))}</p>`,
    ...(words.length === 0 ? [] : [`<pre class="bad">${escaped(words.join('\n'))}</pre>`]),
    timelineOf(run),
    `<details><summary>Story</summary><pre>${escaped(lines.join('\n'))}</pre></details>`,
  ].join('\n');
}
