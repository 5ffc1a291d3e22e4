import { equalBytes } from '@caisson/base';
import { CaissonError } from '@caisson/contracts';
import type { KeyRecord, KeyState, LifecycleWire2, SidecarKey, WrappedKey } from '@caisson/formats';
import { sidecarGroup } from '../sidecar/sidecar-records.js';
import { isBootstrapped } from '../state/group-state.js';
import { authenticate } from '../state/key-state-mac.js';
import { CONSUMED, type Decision, refuse } from './decision.js';
import { type EntryContext, foreignCluster, invalid, stale } from './entry-context.js';

export type RetirementSub = 'retire' | 'suspend' | 'resume';

const SUBS: readonly string[] = ['retire', 'suspend', 'resume'] satisfies readonly RetirementSub[];

export function isRetirement(
  entry: LifecycleWire2,
): entry is LifecycleWire2 & { readonly sub: RetirementSub } {
  return SUBS.includes(entry.sub);
}

/**
 * The end of a key that seals nothing any more, and the step before it from which it can come back.
 *
 * Replicas agree on what becomes of the key, not on when its bytes go: a retired key leaves the key state
 * with its wrapping, and its id is remembered for ever, but the sidecar keeps the wrapping until this node
 * holds nothing under it. Whether anything still is sealed under the key is asked before the entry is
 * proposed, of every member; no replica asks itself here.
 */
export async function decideRetirement(
  entry: LifecycleWire2 & { readonly sub: RetirementSub },
  context: EntryContext,
): Promise<Decision> {
  const named = entry.keys[0]!;
  const refusal = await refusalOf(entry, named, context);
  if (refusal !== undefined) return refusal;
  return entry.sub === 'retire' ? retire(named.keyId, context) : setAside(entry.sub, named.keyId, context);
}

async function refusalOf(
  { sub, clusterId, ...moment }: LifecycleWire2 & { readonly sub: RetirementSub },
  named: WrappedKey,
  context: EntryContext,
): Promise<Decision | undefined> {
  const { keys } = context.state;
  const foreign = foreignCluster(clusterId, context);
  if (foreign !== undefined) return refuse(foreign);
  if (!isBootstrapped(context.state)) return refuse(new CaissonError('ENCRYPTION_NOT_BOOTSTRAPPED'));
  const known = keys.keys.find(({ keyId }) => keyId === named.keyId);
  // A repeat is recognised before staleness: what it wanted is in force.
  if (isRepeat(sub, named.keyId, known, keys)) return CONSUMED;
  const problem = (await stale(moment, context)) ?? problemOf(sub, named, known, keys);
  return problem === undefined ? undefined : refuse(problem);
}

function isRepeat(sub: RetirementSub, keyId: number, known: KeyRecord | undefined, keys: KeyState): boolean {
  if (sub === 'retire') return keys.retiredIds.includes(keyId);
  return known?.state === (sub === 'suspend' ? 'suspended' : 'retiring');
}

function problemOf(
  sub: RetirementSub,
  { keyId, purpose, originId, check }: WrappedKey,
  known: KeyRecord | undefined,
  keys: KeyState,
): CaissonError | undefined {
  if (known === undefined || known.state === 'retired') return new CaissonError('KEY_RETIRED', { keyId });
  if (known.purpose !== purpose) return invalid('purpose', `is ${purpose}`);
  if (!equalBytes(known.originId, originId) || !equalBytes(known.check, check)) {
    return new CaissonError('KEY_CONFLICT', { keyId });
  }
  const inUse = [keys.activeStorage, keys.activeRaft, keys.macKeyId];
  return inUse.includes(keyId) ? invalid('keyId', `is active: rotate before you ${sub}`) : undefined;
}

async function retire(keyId: number, context: EntryContext): Promise<Decision> {
  const { state, registry } = context;
  const gone = state.keys.keys.find((key) => key.keyId === keyId)!;
  const keys = changed(context, {
    keys: state.keys.keys.filter((key) => key !== gone),
    retiredIds: [...state.keys.retiredIds, keyId].sort((a, b) => a - b),
  });
  const writers = await registry.writersOf(keyId);
  return {
    kind: 'effects',
    claims: [],
    dropped: writers.map((fullNodeId) => ({ dekId: keyId, fullNodeId })),
    keys,
    sidecar: sidecarOf(context.group, keys, { ...gone, state: 'retired' }),
  };
}

function setAside(sub: 'suspend' | 'resume', keyId: number, context: EntryContext): Decision {
  const next = sub === 'suspend' ? 'suspended' : 'retiring';
  const records = context.state.keys.keys.map(
    (key): KeyRecord => (key.keyId === keyId ? { ...key, state: next } : key),
  );
  const keys = changed(context, { keys: records });
  const record = records.find((key) => key.keyId === keyId)!;
  return { kind: 'effects', claims: [], keys, sidecar: sidecarOf(context.group, keys, record) };
}

function changed({ state, index, authority }: EntryContext, change: Partial<KeyState>): KeyState {
  return authenticate({ ...state.keys, ...change, stateIndex: index }, authority);
}

function sidecarOf(group: number, keys: KeyState, { keyId, state, container }: KeyRecord) {
  const record: Pick<SidecarKey, 'state' | 'wrapped'> = { state, wrapped: container };
  return { groups: new Map([[group, sidecarGroup(keys)]]), records: new Map([[keyId, record]]) };
}
