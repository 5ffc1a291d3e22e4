import { equalBytes } from '@caisson/base';
import type { Sidecar, SidecarGroup, SidecarKey } from '@caisson/formats';

/** What a node is about to depend on, and must have written down before. */
export interface SidecarChange {
  readonly groups?: ReadonlyMap<number, SidecarGroup>;
  readonly keys?: ReadonlyMap<number, SidecarKey>;
  /** Epochs of this node, by key id. */
  readonly epochs?: ReadonlyMap<number, number>;
}

/** The content of a sidecar; its authentication is added when it is written. */
export type SidecarContent = Pick<Sidecar, 'clusterId' | 'groups' | 'keys'>;

/**
 * The content after a change. An epoch never falls, and a known key keeps its record whatever comes in, so
 * that replaying entries can only repeat what is there.
 */
export function mergeSidecar(content: SidecarContent, change: SidecarChange): SidecarContent {
  const groups = new Map(content.groups);
  for (const [id, group] of change.groups ?? []) groups.set(id, newer(groups.get(id), group));
  const keys = new Map(content.keys);
  for (const [id, key] of change.keys ?? []) keys.set(id, mergeKey(keys.get(id), key));
  for (const [id, epoch] of change.epochs ?? []) {
    const key = keys.get(id);
    if (key !== undefined && key.localEpoch < epoch) keys.set(id, { ...key, localEpoch: epoch });
  }
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
