import type { Run } from '../campaigns/campaign.js';
import { numbersOf } from '../campaigns/numbers.js';
import { gravest, type RuleId } from '../oracles/rules.js';
import { faultCount } from '../storm/verdict.js';
import { commandOf } from './terminal.js';

export const LEDGER_SCHEMA = 'caisson.faultlab.ledger/v1';

/** One campaign as a line of the ledger: small enough to be kept for all time. */
export interface LedgerLine {
  readonly schema: typeof LEDGER_SCHEMA;
  /** Of the real clock, as ISO 8601. */
  readonly at: string;
  /** As `git describe --always --dirty` says it; empty where there is no repository. */
  readonly commit: string;
  readonly node: string;
  readonly firstSeed: number;
  readonly lastSeed: number;
  readonly schedules: number;
  readonly simulatedMs: number;
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly speed: number;
  readonly effectiveFaults: number;
  readonly acknowledged: number;
  readonly checked: number;
  readonly seals: number;
  readonly failures: readonly {
    readonly seed: number;
    readonly rule: RuleId;
    readonly replay: string;
  }[];
}

/** Where and when it ran. */
export type LedgerPlace = Pick<LedgerLine, 'at' | 'commit' | 'node'>;

export function ledgerLine(runs: readonly Run[], place: LedgerPlace): LedgerLine {
  const { effective, schedules, speed, total, wallMs, cpuMs } = numbersOf(runs);
  const seeds = runs.map(({ seed }) => seed);
  const failures = runs.flatMap((run) => {
    const worst = gravest(run.findings);
    return worst === undefined
      ? []
      : [{ seed: run.seed, rule: worst.rule, replay: commandOf('replay', run.plan) }];
  });
  return {
    schema: LEDGER_SCHEMA,
    ...place,
    firstSeed: seeds.reduce((least, seed) => Math.min(least, seed), seeds[0] ?? 0),
    lastSeed: seeds.reduce((most, seed) => Math.max(most, seed), seeds[0] ?? 0),
    schedules,
    simulatedMs: total.simulatedMs,
    wallMs: Math.round(wallMs),
    cpuMs: Math.round(cpuMs),
    speed: Number(speed.toFixed(2)),
    effectiveFaults: faultCount(effective),
    acknowledged: total.acknowledged,
    checked: total.checked,
    seals: total.seals,
    failures,
  };
}
