import { copyBytes } from '@caisson/base';
import type {
  Applier,
  ApplyEntry,
  ApplyOutcome,
  GroupApplier,
  Store,
  WritableBatch,
} from '@caisson/contracts';
import { rowsOf, type Rows } from '../store/rows.js';
import type { ApplierHarness, ScriptStep } from './applier-harness.js';

const GROUP = 1;

export interface PlayOptions {
  /** Entries that share a batch, where their opcodes let them. Default 1. */
  readonly perBatch?: number;
  /** Opens the group anew after every so many batches. Default never. */
  readonly reopenEvery?: number;
  /** Applies each batch once in vain, as before a crash, and opens the group anew. */
  readonly losesFirst?: boolean;
  /** Called after each entry, before its batch is written. */
  readonly onApplied?: (moment: Moment) => Promise<void> | void;
  readonly onWritten?: (store: Store) => Promise<void>;
}

export interface Moment {
  readonly outcome: ApplyOutcome;
  readonly store: Store;
  /** Operations that the entry added to its batch. */
  readonly added: number;
}

/** What playing a script came to, in a form that can be compared. */
export interface Played {
  readonly outcomes: readonly unknown[];
  readonly rows: Rows;
}

/** Plays the engine's part over a fresh replica: applies the script, writes the batches, confirms them. */
export async function play(harness: ApplierHarness, options: PlayOptions = {}): Promise<Played> {
  const { perBatch = 1, reopenEvery = Number.POSITIVE_INFINITY, losesFirst = false } = options;
  const [applier, store] = [await harness.applier(), await harness.store()];
  const outcomes: unknown[] = [];
  let group = await openGroup(applier, store);
  for (const [number, steps] of batchesOf(applier, harness.script, perBatch).entries()) {
    if (losesFirst) await applyAll(group, store, steps, { after: outcomes.length });
    if (losesFirst || (number > 0 && number % reopenEvery === 0)) group = await openGroup(applier, store);
    const applied = await applyAll(group, store, steps, { after: outcomes.length, ...options });
    outcomes.push(...applied.outcomes);
    await applied.batch.write({ sync: true });
    group.written();
    await options.onWritten?.(store);
  }
  return { outcomes, rows: await rowsOf(store) };
}

async function applyAll(
  group: GroupApplier,
  store: Store,
  steps: readonly ScriptStep[],
  { after, onApplied }: { readonly after: number } & Pick<PlayOptions, 'onApplied'>,
): Promise<{ readonly batch: WritableBatch; readonly outcomes: readonly unknown[] }> {
  const batch = store.batch();
  const outcomes: unknown[] = [];
  for (const [at, { payload }] of steps.entries()) {
    const before = batch.size;
    const outcome = await group.apply(entryOf(payload, after + at + 1), batch);
    outcomes.push(comparable(outcome));
    await onApplied?.({ outcome, store, added: batch.size - before });
  }
  return { batch, outcomes };
}

export function openGroup(applier: Applier, store: Store): Promise<GroupApplier> {
  return applier.open({ id: GROUP, store });
}

export function entryOf(payload: Uint8Array, index: number): ApplyEntry {
  return { group: GROUP, term: 1, index, proposalId: BigInt(index) + 1000n, payload: copyBytes(payload) };
}

/** Outcomes without what replicas may phrase differently. */
function comparable(outcome: ApplyOutcome): unknown {
  if (outcome.kind === 'refused') return { kind: 'refused', code: outcome.error.code };
  return { kind: 'applied', result: copyBytes(outcome.result), sync: outcome.sync ?? false };
}

function batchesOf(
  applier: Applier,
  script: readonly ScriptStep[],
  perBatch: number,
): readonly ScriptStep[][] {
  const batches: ScriptStep[][] = [];
  let isOpen = false;
  for (const step of script) {
    const alone = isAlone(applier, step.payload);
    const last = batches.at(-1);
    if (last !== undefined && isOpen && !alone && last.length < perBatch) last.push(step);
    else batches.push([step]);
    isOpen = !alone;
  }
  return batches;
}

function isAlone(applier: Applier, [opcode = 0]: Uint8Array): boolean {
  return applier.opcodes.some(({ first, last, alone }) => alone && opcode >= first && opcode <= last);
}
