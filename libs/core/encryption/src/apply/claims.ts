import { CaissonError } from '@caisson/contracts';
import { nodeId16, type WriterClaim, type WriterRow } from '@caisson/formats';
import type { GroupState } from '../state/group-state.js';
import { decideRegistration } from '../writers/registration.js';
import type { WriterRegistry } from '../writers/writer-registry.js';
import type { AcceptedClaim, Decision } from './decision.js';

/** All claims accepted, or the decision that refuses the entry. */
export type Claims = { readonly kind: 'accepted'; readonly claims: readonly AcceptedClaim[] } | Decision;

/**
 * Decides claims one after the other, each seeing those before it. One refused claim refuses the entry.
 *
 * A DEK need not be known: nodes may be registered before its bootstrap, and without any KEK. Only a
 * retired id can never be claimed again.
 */
export async function decideClaims(
  claims: readonly WriterClaim[],
  registry: WriterRegistry,
  { keys }: GroupState,
): Promise<Claims> {
  const rows = new Map<string, WriterRow>();
  const accepted: AcceptedClaim[] = [];
  for (const claim of claims) {
    const { dekId, fullNodeId } = claim;
    if (keys.retiredIds.includes(dekId)) {
      return { kind: 'refused', error: new CaissonError('KEY_RETIRED', { keyId: dekId }), claim };
    }
    const place = `${dekId}|${nodeId16(fullNodeId)}`;
    const known = rows.get(place) ?? (await registry.row(dekId, fullNodeId));
    const registration = decideRegistration(known, claim);
    if (registration.kind === 'refused') return { ...registration, claim };
    const row = registration.kind === 'written' ? registration.row : undefined;
    if (row !== undefined) rows.set(place, row);
    accepted.push({ claim, row });
  }
  return { kind: 'accepted', claims: accepted };
}

export async function decideRegisterWriter(
  claim: WriterClaim,
  registry: WriterRegistry,
  state: GroupState,
): Promise<Decision> {
  const decided = await decideClaims([claim], registry, state);
  return decided.kind === 'accepted' ? { kind: 'effects', claims: decided.claims } : decided;
}
