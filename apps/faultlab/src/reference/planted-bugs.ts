import { RULES, type RuleId } from '../oracles/rules.js';
import type { KeptMutant, StoredMutants } from '../reports/mutants.js';
import { sumOfMutants } from '../reports/mutants-table.js';

const ABOUT = [
  'Each of these bugs is put into every node of a cluster, or into what stands around it, and',
  'storms have to break a rule over it. None of them is in what is shipped: they are edits of',
  'built files as they are loaded, and wraps around services, in',
  '[`apps/faultlab/src/plants`](../../apps/faultlab/src/plants). How storms are read is told in',
  '[Attack a cluster](../guides/faultlab.md).',
].join(' ');

const HEAD = `# Planted bugs

Written by \`npm run docs\` from the last recorded run of all of them:

\`\`\`sh
npm run -s faultlab -- mutants --shrink --json apps/faultlab/records/planted-bugs.json
\`\`\`

${ABOUT}`;

const BY_RULE = [
  'Named in the third column are bugs that were caught by this very rule, in the fourth those',
  'that may break it, too, where something else was seen first.',
].join(' ');

const BY_BUG = [
  '`storms` is how many it took; `faults left` is what is needed of the storm that found it, by',
  '`shrink`, in a minute of one core at most. A bug with a hunt of its own needs no storm:',
  'power is lost behind each operation of a protocol, or two runs are compared.',
].join(' ');

/** A table as prose can hold it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const code = (text: string): string => `\`${text}\``;

function bugRow({ about, breaks, caught, plant, seeds, shrunk, where }: KeptMutant): readonly string[] {
  const left = shrunk === undefined ? '' : String(shrunk.faults);
  return [
    code(plant),
    about,
    breaks.join(' '),
    where,
    caught?.rule ?? 'survived',
    caught === undefined ? `none of ${seeds}` : String(seeds),
    left,
  ];
}

function ruleRow(rule: RuleId, results: readonly KeptMutant[]): readonly string[] {
  const found = results.filter(({ caught }) => caught?.rule === rule).map(({ plant }) => code(plant));
  const may = results.filter((each) => each.caught?.rule !== rule && each.breaks.includes(rule));
  return [rule, RULES[rule].statement, found.join(', '), may.map(({ plant }) => code(plant)).join(', ')];
}

/** The page about them, from what a run came to. */
export function plantedBugsPage({ results }: StoredMutants): string {
  const rules = (Object.keys(RULES) as RuleId[]).map((rule) => ruleRow(rule, results));
  const bugs = results.map(bugRow);
  const columns = ['bug', 'what it does', 'may break', 'hunted in', 'broke', 'storms', 'faults left'];
  return [
    HEAD,
    `${sumOfMutants(results).replaceAll('\n', '; ')}.`,
    `## By rule\n\n${BY_RULE}`,
    table(['rule', 'what it says', 'broken by', 'may be broken by'], rules),
    `## By bug\n\n${BY_BUG}`,
    `${table(columns, bugs)}\n`,
  ].join('\n\n');
}
