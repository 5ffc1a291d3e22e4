import type { LaneChange } from '../cluster/lanes.js';
import type { Word } from '../faults/nemesis.js';
import type { Plan } from '../faults/plan.js';
import type { Looks } from '../oracles/findings.js';
import type { Finding } from '../oracles/rules.js';
import type { StormRecord } from '../trace/record.js';

/** What a run did, in numbers. */
export interface Counts {
  readonly simulatedMs: number;
  /** In the trace. */
  readonly events: number;
  /** Writes that were answered. */
  readonly acknowledged: number;
  /** Operations of clients, reads too, that were held to one history. */
  readonly checked: number;
  readonly entries: number;
  readonly terms: number;
  /** Of snapshots. */
  readonly installs: number;
  /** That went through the ledger of nonces. */
  readonly seals: number;
  /** Looked through for values. */
  readonly bytesScanned: number;
  readonly nodes: number;
  /** 1 where disks lost more than a quorum can mend: then only secrets and truth are asked for. */
  readonly beyond: number;
}

/** How often each kind changed anything. */
export type EffectiveFaults = Readonly<Record<string, number>>;

/** What came of one storm. */
export interface Verdict {
  readonly seed: number;
  readonly traceHash: string;
  /** What happened, to be run again. */
  readonly plan: Plan;
  /** Nothing, if all is well. */
  readonly findings: readonly Finding[];
  readonly story: readonly Word[];
  readonly lanes: Readonly<Record<string, readonly LaneChange[]>>;
  /** When the storm began, in virtual time; before, the cluster was put together. */
  readonly begunAtMs: number;
  readonly effective: EffectiveFaults;
  /** The same by their ids in the catalogue. */
  readonly effectiveById: EffectiveFaults;
  /** How often which faults met whom, amid what. */
  readonly cells?: EffectiveFaults | undefined;
  /** How often each rule was looked at. */
  readonly looks: Readonly<Record<string, Looks>>;
  readonly counts: Counts;
  /** Of a storm that was recorded. */
  readonly record?: StormRecord | undefined;
}

export function faultCount(effective: EffectiveFaults): number {
  return Object.values(effective).reduce((sum, count) => sum + count, 0);
}
