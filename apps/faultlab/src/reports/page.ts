import { createHash } from 'node:crypto';
import { escaped } from './markup.js';
import { SCRIPT, STYLE } from './page-style.js';
import { runSection } from './run-section.js';
import type { StoredReport, StoredRun, StoredShrunk } from './stored.js';
import { tableOf } from './terminal.js';

/** More would make a page that nobody opens. */
const RUNS_DRAWN_MAX = 20;
const CHARACTERS_MAX = 1_900_000;

/**
 * One document that needs nothing but itself, and runs nothing but its own script. What is left of one of its
 * plans stands beside it.
 */
export function toPage({ command, node, runs, untested }: StoredReport, shrunk?: StoredShrunk): string {
  const failed = runs.filter(({ findings }) => findings.length > 0);
  const drawn = runs.filter(({ lanes }) => lanes !== undefined).slice(0, RUNS_DRAWN_MAX);
  const verdict = failed.length === 0 ? 'No rule broke.' : `${failed.length} of ${runs.length} broke a rule.`;
  const bad = failed.length === 0 ? '' : ' bad';
  const body = [
    '<h1>Faultlab</h1>',
    `<p><span class="verdict${bad}">${verdict}</span> ${escaped(`${command}, Node.js ${node}`)}</p>`,
    ...(drawn.length === 0 ? ['<p>No run is kept with its story; <code>--whole</code> keeps all.</p>'] : []),
    ...fitting(drawn, shrunk),
    '<h2>Numbers</h2>',
    `<pre>${escaped(tableOf(runs))}</pre>`,
    '<h2>What was not tested</h2>',
    `<ul>${untested.map((text) => `<li>${escaped(text)}</li>`).join('')}</ul>`,
    `<script>${SCRIPT}</script>`,
  ];
  const script = createHash('sha256').update(SCRIPT).digest('base64');
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${script}'`;
  const head = [
    '<meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    `<title>Faultlab: ${escaped(verdict)}</title><style>${STYLE}</style>`,
  ];
  return `<!doctype html>\n<html lang="en"><head>${head.join('')}</head><body>\n${body.join('\n')}\n</body></html>\n`;
}

/** As many as make a page that opens: what is too much is drawn without its record, and then not at all. */
function fitting(runs: readonly StoredRun[], shrunk: StoredShrunk | undefined): readonly string[] {
  let left = CHARACTERS_MAX;
  return runs.map((run) => {
    const { record: _, ...bare } = run;
    const own = shrunk?.plan.seed === run.seed ? shrunk : undefined;
    const choices = [() => runSection(run, own), () => runSection(bare, own)];
    for (const [at, choice] of choices.entries()) {
      const section = choice();
      if (section.length > left) continue;
      left -= section.length;
      return at === 0 ? section : `${section}<p>Its record is left out: the page would be too large.</p>`;
    }
    return `<p>Seed ${run.seed} is left out: the page would be too large.</p>`;
  });
}
