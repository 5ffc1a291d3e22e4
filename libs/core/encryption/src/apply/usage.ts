import type { UsageReport } from '@caisson/formats';
import { CONSUMED, type Decision, type UsageChange } from './decision.js';
import type { GroupState } from '../state/group-state.js';

/**
 * A node's claim to have used keys so far. A claim never falls, so that a repeat or an old one that comes
 * late changes nothing. It is never refused, whatever it comes to: what may still be sealed is for the leader
 * to decide, before it proposes.
 */
export function decideUsageReport(
  { fullNodeId, keys }: UsageReport,
  { keys: state, usage }: GroupState,
): Decision {
  const changes: UsageChange[] = [];
  for (const { dekId, messages, blocks } of keys) {
    if (!state.keys.some(({ keyId }) => keyId === dekId)) continue;
    const known = usage.of(dekId, fullNodeId);
    const row = {
      fullNodeId,
      messages: Math.max(known.messages, messages),
      blocks: Math.max(known.blocks, blocks),
    };
    const isHigher = row.messages > known.messages || row.blocks > known.blocks;
    if (isHigher) changes.push({ dekId, row });
  }
  return changes.length === 0 ? CONSUMED : { kind: 'effects', claims: [], usage: changes };
}
