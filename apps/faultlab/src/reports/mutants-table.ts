import Table from 'cli-table3';
import { quantile } from '../campaigns/gate.js';
import type { KeptMutant } from './mutants.js';

/** As many faults as a person takes in at a glance. */
export const FEW_FAULTS = 3;

const caughtAs = ({ caught }: KeptMutant): string =>
  caught === undefined ? 'SURVIVED' : `${caught.rule}${caught.isExpected ? '' : ' (unexpected)'}`;

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

export function mutantsTable(results: readonly KeptMutant[]): string {
  const isShrunk = results.some(({ shrunk }) => shrunk !== undefined);
  const more = isShrunk ? ['faults left'] : [];
  const table = new Table({
    head: ['planted bug', 'storms', 'broke', ...more, 'what it does'],
    style: { head: [], border: [] },
  });
  for (const result of results) {
    const left = isShrunk ? [result.shrunk === undefined ? '' : String(result.shrunk.faults)] : [];
    table.push([result.plant, String(result.seeds), caughtAs(result), ...left, result.about]);
  }
  return table.toString();
}

/** One line while it goes on: what came of a bug, how fast it goes, and how long it will take. */
export function progressOfMutants(
  result: KeptMutant,
  { done, ms, total }: { readonly done: number; readonly total: number; readonly ms: number },
): string {
  const perMinute = (done * 60_000) / Math.max(ms, 1);
  const etaS = Math.ceil(((total - done) * 60) / perMinute);
  const { plant, seeds, shrunk } = result;
  const left = shrunk === undefined ? '' : `, ${counted(shrunk.faults, 'fault', 'faults')} left`;
  const told = `${plant}: ${caughtAs(result)} after ${counted(seeds, 'storm', 'storms')}${left}`;
  return `${told} (${done} of ${total}, ${perMinute.toFixed(1)} a minute, ${etaS} s to go)`;
}

/** What all of it comes to. */
export function sumOfMutants(results: readonly KeptMutant[]): string {
  const caught = results.filter((result) => result.caught !== undefined);
  const storms = caught.map(({ seeds }) => seeds);
  const lines = [
    `${caught.length} of ${results.length} caught, after ${quantile(storms, 0.5)} (median), ` +
      `${quantile(storms, 0.9)} (p90) and at most ${quantile(storms, 1)} storms`,
  ];
  const shrunk = results.flatMap((result) => result.shrunk ?? []);
  if (shrunk.length > 0) {
    const few = shrunk.filter(({ faults }) => faults <= FEW_FAULTS).length;
    const faults = shrunk.map((each) => each.faults);
    const operations = shrunk.map((each) => each.operations);
    const seconds = shrunk.map(({ processorMs }) => processorMs / 1000);
    lines.push(
      `minimised: ${few} of ${shrunk.length} to at most ${FEW_FAULTS} faults, median ${quantile(faults, 0.5)} ` +
        `faults, ${quantile(operations, 0.5)} operations, ${quantile(seconds, 0.5).toFixed(1)} s of one core`,
    );
  }
  return lines.join('\n');
}
