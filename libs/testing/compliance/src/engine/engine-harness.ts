import type { CaissonError, ProposalSource, ReplicatedGroup, ReplicationEngine } from '@caisson/contracts';
import type { Harness, Need } from '../case.js';
import { type CounterApplier, decodeCountResult, encodeCount } from '../toys/counter-applier.js';

/** What the engine kit works on: a running engine that owns `counters` among its appliers. */
export interface EngineHarness extends Harness {
  /** Running, and leading `group`; another one after `restart` or `crash`. */
  readonly engine: ReplicationEngine;
  readonly group: number;
  /** The applier that the engine was given, the same across restarts. */
  readonly counters: CounterApplier;
  /** Fatal faults reported so far, by all engines of this harness. */
  readonly faults: readonly CaissonError[];
  /**
   * Stops the engine, also one that halted, and starts it over the same data; resolves when it takes
   * proposals.
   */
  restart(): Promise<void>;
  /** Loses power instead of stopping, and starts over what was synced. */
  crash?(): Promise<void>;
  /** Makes the encryption's admission refuse a source, or let it in again. */
  admit?(source: ProposalSource, refusal: CaissonError | undefined): void;
}

export const CRASH: Need<EngineHarness> = {
  id: 'crash',
  what: 'a harness that can lose power',
  isMet: ({ crash }) => crash !== undefined,
};

export const ADMISSION: Need<EngineHarness> = {
  id: 'admission',
  what: 'a harness that can make admission refuse',
  isMet: ({ admit }) => admit !== undefined,
};

export const FEW_POWERS: Need<EngineHarness> = {
  id: 'fewPowers',
  what: 'an engine without membership changes or snapshots',
  isMet: ({ engine }) => !engine.capabilities.membership || !engine.capabilities.snapshots,
};

export function groupOf({ engine, group }: EngineHarness): ReplicatedGroup {
  return engine.group(group);
}

/** Adds to a counter and returns where it stands, and the entry's position. */
export async function addTo(
  harness: EngineHarness,
  name: string,
  amount: number,
): Promise<{ readonly position: number; readonly count: number | undefined }> {
  const { position, outcome } = await groupOf(harness).propose(encodeCount(name, amount), { source: 'user' });
  return { position, count: outcome.kind === 'applied' ? decodeCountResult(outcome.result) : undefined };
}
