import { equalBytes } from '@caisson/base';
import { CaissonError } from '@caisson/contracts';
import type { KeyRecord, LifecycleWire2, WrappedKey } from '@caisson/formats';
import { sidecarGroup } from '../sidecar/sidecar-records.js';
import { isBootstrapped } from '../state/group-state.js';
import { authenticate } from '../state/key-state-mac.js';
import { CONSUMED, type Decision, refuse } from './decision.js';
import { type EntryContext, foreignCluster, invalid, stale } from './entry-context.js';

/**
 * Every unretired DEK wrapped anew: after a KEK was rotated, a provider added or taken away. The DEKs
 * themselves stay.
 *
 * Each is unwrapped and compared before anything is replaced: a container that this node could not open again
 * must never be its only one. Where that fails the node halts, as with any wrapping it cannot open.
 */
export async function decideRewrap(entry: LifecycleWire2, context: EntryContext): Promise<Decision> {
  const { state, group, index, authority } = context;
  const refusal = await refusalOf(entry, context);
  if (refusal !== undefined) return refusal;
  for (const key of entry.keys) await hold(key, context);
  const wrapped = new Map(entry.keys.map((key) => [key.keyId, key.container]));
  const records = state.keys.keys.map(
    (key): KeyRecord => ({ ...key, container: wrapped.get(key.keyId) ?? key.container }),
  );
  const keys = authenticate({ ...state.keys, keys: records, stateIndex: index }, authority);
  const sidecar = {
    groups: new Map([[group, sidecarGroup(keys)]]),
    records: new Map(
      records.map(({ keyId, state: of, container }) => [keyId, { state: of, wrapped: container }]),
    ),
  };
  return { kind: 'effects', claims: [], keys, sidecar };
}

async function refusalOf(entry: LifecycleWire2, context: EntryContext): Promise<Decision | undefined> {
  const foreign = foreignCluster(entry.clusterId, context);
  if (foreign !== undefined) return refuse(foreign);
  if (!isBootstrapped(context.state)) return refuse(new CaissonError('ENCRYPTION_NOT_BOOTSTRAPPED'));
  const held = context.state.keys.keys.filter(({ state }) => state !== 'retired');
  if (isRepeat(entry.keys, held)) return CONSUMED;
  const problem = (await stale(entry, context)) ?? problemOf(entry.keys, held);
  return problem === undefined ? undefined : refuse(problem);
}

function isRepeat(incoming: readonly WrappedKey[], held: readonly KeyRecord[]): boolean {
  const isSame = (key: WrappedKey, at: number) =>
    key.keyId === held[at]!.keyId && equalBytes(key.container, held[at]!.container);
  return incoming.length === held.length && incoming.every(isSame);
}

/** Only the whole set, and of the same keys: a key left out would stay under a KEK that is about to go. */
function problemOf(incoming: readonly WrappedKey[], held: readonly KeyRecord[]): CaissonError | undefined {
  const missing = held.find(({ keyId }) => !incoming.some((key) => key.keyId === keyId));
  if (missing !== undefined) return invalid('keys', `lack key ${missing.keyId}`);
  for (const key of incoming) {
    const known = held.find(({ keyId }) => keyId === key.keyId);
    if (known === undefined) return new CaissonError('UNKNOWN_KEY_ID', { keyId: key.keyId });
    const isSame =
      known.purpose === key.purpose &&
      equalBytes(known.originId, key.originId) &&
      equalBytes(known.check, key.check);
    if (!isSame) return new CaissonError('KEY_CONFLICT', { keyId: key.keyId });
  }
  return undefined;
}

async function hold(key: WrappedKey, { keys }: EntryContext): Promise<void> {
  const dek = await keys.unwrap(key);
  keys.keystore.set({ ...key, dek }, key.check);
}
