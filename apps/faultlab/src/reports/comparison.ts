import { numbersOf } from '../campaigns/numbers.js';
import type { StoredMutants } from './mutants.js';
import type { StoredReport } from './stored.js';

/** One line of a comparison, as words. */
export type Row = readonly [what: string, before: string, now: string, change: string];

/** A bug that takes so many times the storms to be found has come out of reach. */
const DEARER_MAX = 3;

/** What two campaigns differ in: speed, faults, what was looked at, and what seeds came to. */
export function compareReports(now: StoredReport, before: StoredReport): readonly Row[] {
  const [new_, old] = [numbersOf(now.runs), numbersOf(before.runs)];
  const numbers: Row[] = [
    row('schedules', old.schedules, new_.schedules),
    row('that broke a rule', old.failed, new_.failed),
    row('simulated : real, one core', old.speed, new_.speed),
    row('effective faults per schedule (median)', old.medianFaults, new_.medianFaults),
    row('operations checked', old.total.checked, new_.total.checked),
    row('acknowledged writes', old.total.acknowledged, new_.total.acknowledged),
    row('seals', old.total.seals, new_.total.seals),
  ];
  const [seen, saw] = [couldFail(new_.looks), couldFail(old.looks)];
  return [
    ...numbers,
    covered('kinds of fault with an effect', new_.effectiveById, old.effectiveById),
    covered('meetings of faults with roles and phases', new_.cells, old.cells),
    covered('rules that something could have broken', seen, saw),
    traces(now, before),
  ];
}

/** What planted bugs cost to find, bug by bug. */
export function compareMutants(now: StoredMutants, before: StoredMutants): readonly Row[] {
  const old = new Map(before.results.map((result) => [result.plant, result]));
  return now.results.map((result): Row => {
    const was = old.get(result.plant);
    const worse = isWorse(result, was) ? 'OUT OF REACH' : '';
    return [result.plant, was === undefined ? 'not there' : cost(was), cost(result), worse];
  });
}

/** Whether a planted bug is not found any more, or only at several times the cost. */
export function hasLostReach(now: StoredMutants, before: StoredMutants): boolean {
  return compareMutants(now, before).some(([, , , change]) => change !== '');
}

type MutantCost = StoredMutants['results'][number];

function isWorse(now: MutantCost, was: MutantCost | undefined): boolean {
  if (was?.caught === undefined) return false;
  return now.caught === undefined || now.seeds > DEARER_MAX * was.seeds;
}

function cost({ caught, seeds }: MutantCost): string {
  const after = `${seeds} ${seeds === 1 ? 'storm' : 'storms'}`;
  return caught === undefined ? `survived ${after}` : `${caught.rule} after ${after}`;
}

function row(what: string, before: number, now: number): Row {
  const change = before === 0 ? '' : `${now >= before ? '+' : ''}${((now / before - 1) * 100).toFixed(0)} %`;
  return [what, shown(before), shown(now), change];
}

function shown(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}

function couldFail(looks: ReturnType<typeof numbersOf>['looks']): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(looks).map(([rule, look]) => [rule, look.couldFail]));
}

function covered(
  what: string,
  now: Readonly<Record<string, number>>,
  before: Readonly<Record<string, number>>,
): Row {
  const [new_, old] = [reached(now), reached(before)];
  const gained = [...new_].filter((name) => !old.has(name)).map((name) => `+${name}`);
  const lost = [...old].filter((name) => !new_.has(name)).map((name) => `-${name}`);
  return [what, String(old.size), String(new_.size), [...gained, ...lost].join(' ')];
}

function reached(counts: Readonly<Record<string, number>>): ReadonlySet<string> {
  return new Set(Object.keys(counts).filter((name) => counts[name]! > 0));
}

/** Seeds that both ran: a change of the program shows in the traces of those it concerns. */
function traces(now: StoredReport, before: StoredReport): Row {
  const old = new Map(before.runs.map(({ seed, traceHash }) => [seed, traceHash]));
  const both = now.runs.filter(({ seed }) => old.has(seed));
  const same = both.filter(({ seed, traceHash }) => old.get(seed) === traceHash);
  return ['seeds in both, and those with one trace', String(both.length), String(same.length), ''];
}
