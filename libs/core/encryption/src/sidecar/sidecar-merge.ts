import { equalBytes } from '@caisson/base';
import type { Sidecar, SidecarGroup, SidecarKey } from '@caisson/formats';

/** What a node is about to depend on, and must have written down before. */
export interface SidecarChange {
  readonly groups?: ReadonlyMap<number, SidecarGroup>;
  readonly keys?: ReadonlyMap<number, SidecarKey>;
  /** What an entry decided about keys that are known: it replaces what is on record. */
  readonly records?: ReadonlyMap<number, Pick<SidecarKey, 'state' | 'wrapped'>>;
  /** Retired keys under which nothing is left here: their wrappings go. */
  readonly gone?: ReadonlySet<number>;
  /** Epochs of this node, by key id. */
  readonly epochs?: ReadonlyMap<number, number>;
}

/** The content of a sidecar; its authentication is added when it is written. */
export type SidecarContent = Pick<Sidecar, 'clusterId' | 'groups' | 'keys'>;

/**
 * The content after a change. An epoch never falls, and a known key keeps what it is; only an entry about
 * it changes its state or its wrapping, and only a retired one ever goes. Replaying entries can only repeat
 * what is there.
 */
export function mergeSidecar(content: SidecarContent, change: SidecarChange): SidecarContent {
  const groups = new Map(content.groups);
  for (const [id, group] of change.groups ?? []) groups.set(id, newer(groups.get(id), group));
  const keys = new Map(content.keys);
  for (const [id, key] of change.keys ?? []) keys.set(id, mergeKey(keys.get(id), key));
  for (const [id, record] of change.records ?? []) {
    const key = keys.get(id);
    if (key !== undefined) keys.set(id, { ...key, ...record });
  }
  for (const [id, epoch] of change.epochs ?? []) {
    const key = keys.get(id);
    if (key !== undefined && key.localEpoch < epoch) keys.set(id, { ...key, localEpoch: epoch });
  }
  for (const id of change.gone ?? []) if (keys.get(id)?.state === 'retired') keys.delete(id);
  return { clusterId: content.clusterId, groups, keys };
}

export function isSameKey(
  a: SidecarKey,
  b: Omit<SidecarKey, 'wrapped' | 'created' | 'localEpoch' | 'state'>,
): boolean {
  return a.purpose === b.purpose && equalBytes(a.originId, b.originId) && equalBytes(a.check, b.check);
}

function newer(known: SidecarGroup | undefined, incoming: SidecarGroup): SidecarGroup {
  return known !== undefined && known.raftAppliedIndex > incoming.raftAppliedIndex ? known : incoming;
}

function mergeKey(known: SidecarKey | undefined, incoming: SidecarKey): SidecarKey {
  if (known === undefined) return incoming;
  return { ...known, localEpoch: Math.max(known.localEpoch, incoming.localEpoch) };
}

/**
 * Keys that some group seals under. Groups rotate one after the other, so a key may be active in one alone.
 */
export function activeKeyIds({ groups, keys }: SidecarContent): readonly number[] {
  const named = [...groups.values()].flatMap(({ activeStorage, activeRaft }) => [activeStorage, activeRaft]);
  return [...new Set(named)].filter((id) => keys.has(id)).sort((a, b) => a - b);
}
