import { CaissonError } from '@caisson/contracts';
import type { LifecycleWire2 } from '@caisson/formats';
import { sidecarGroup } from '../sidecar/sidecar-records.js';
import { isBootstrapped } from '../state/group-state.js';
import { authenticate } from '../state/key-state-mac.js';
import { readLastCommitTs } from '../state/read-state.js';
import { CONSUMED, type Decision, refuse } from './decision.js';
import { type EntryContext, foreignCluster, stale } from './entry-context.js';

/**
 * From the entry on nothing clear is genuine any more: tombstones are sealed like values. Refused before both
 * envelopes are in force, and never taken back.
 *
 * What was there before is told apart by the last commit timestamp at this entry: every version made later
 * has a later one, on every replica alike.
 */
export async function decideSealedMode(entry: LifecycleWire2, context: EntryContext): Promise<Decision> {
  const { group, index, state, store, authority } = context;
  const foreign = foreignCluster(entry.clusterId, context);
  if (foreign !== undefined) return refuse(foreign);
  if (!isBootstrapped(state)) return refuse(new CaissonError('ENCRYPTION_NOT_BOOTSTRAPPED'));
  // A repeat is recognised before staleness: what it wanted is in force.
  if (state.keys.sealedModeIndex !== 0) return CONSUMED;
  const old = await stale(entry, context);
  if (old !== undefined) return refuse(old);
  const { storageEnvelopeActive, raftEnvelopeActive } = state.keys;
  if (!storageEnvelopeActive || !raftEnvelopeActive)
    return refuse(
      new CaissonError('ENVELOPE_ORDER', { group, problem: 'both envelopes come before sealed mode' }),
    );
  const sealed = { sealedModeIndex: index, sealedModeTs: await readLastCommitTs(store) };
  const keys = authenticate({ ...state.keys, ...sealed, stateIndex: index }, authority);
  const groups = new Map([[group, sidecarGroup(keys)]]);
  return { kind: 'effects', claims: [], keys, sidecar: { groups } };
}
