import { equalBytes, fnv1a64, prefixEnd } from '@caisson/base';
import type { Condition, Timestamp } from '@caisson/contracts';
import { type CommandResult, decodeHeader, type WriteCommand } from '@caisson/formats';
import type { LiveVersion } from '../read/version.js';
import type { NewestVersion, StateView } from './state-view.js';

/**
 * What changed since the transaction's start, among the keys and ranges it read and the keys it writes.
 *
 * Complete because every later commit has a higher timestamp than the start. A value read alive that expires
 * between start and commit is a change as well: otherwise two transactions on either side of the expiry could
 * each miss the other's write.
 */
export async function findConflict(
  command: WriteCommand,
  startTs: Timestamp,
  state: StateView,
): Promise<CommandResult | undefined> {
  const isNewer = ({ commitTs }: NewestVersion): boolean => commitTs > startTs;
  const isChanged = (newest: NewestVersion): boolean =>
    isNewer(newest) || expiresWithin(newest, startTs, command.commitTs);
  for (const key of command.readKeys) {
    const newest = await state.newest(key);
    if (newest !== undefined && isChanged(newest)) return conflict(key);
  }
  for (const mutation of command.mutations) {
    if (mutation.op === 'deletePrefix') {
      if (await state.some(prefixRange(mutation.prefix), isNewer)) return conflict();
      continue;
    }
    const newest = await state.newest(mutation.key);
    if (newest !== undefined && isNewer(newest)) return conflict(mutation.key);
  }
  for (const range of command.readRanges) if (await state.some(range, isChanged)) return conflict();
  return undefined;
}

/** The first condition that does not hold at the commit. */
export async function findFailedCondition(
  { conditions, commitTs }: WriteCommand,
  state: StateView,
): Promise<CommandResult | undefined> {
  for (const [number, condition] of conditions.entries()) {
    const live = await state.live(condition.key, commitTs);
    if (holds(condition, live)) continue;
    return { kind: 'failed', condition: number, ...(live !== undefined && { currentTs: live.commitTs }) };
  }
  return undefined;
}

/**
 * Only live versions count, also for `version`: compaction removes dead ones at a time of each replica's own,
 * so no answer may depend on them.
 */
function holds({ expect }: Condition, live: LiveVersion | undefined): boolean {
  if (expect.kind === 'absent') return live === undefined;
  if (live === undefined) return false;
  if (expect.kind === 'value') return equalBytes(expect.value, live.value);
  return expect.kind === 'exists' || expect.ts === live.commitTs;
}

function expiresWithin({ stored }: NewestVersion, after: Timestamp, upTo: Timestamp): boolean {
  const { expireAt } = decodeHeader(stored);
  return expireAt > after && expireAt <= upTo;
}

function prefixRange(prefix: Uint8Array): { from: Uint8Array; to?: Uint8Array } {
  const to = prefixEnd(prefix);
  return to === undefined ? { from: prefix } : { from: prefix, to };
}

function conflict(key?: Uint8Array): CommandResult {
  return { kind: 'conflict', keyHash: key === undefined ? 0n : fnv1a64(key) };
}
