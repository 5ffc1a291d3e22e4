/** The messages of `caisson.v1.Cluster` in the terms of the contracts. */
import { CaissonError, type ClusterProgress, type ClusterStatus, type StateDigest } from '@caisson/contracts';
import type { GroupStatus, Member, MemberProgress } from '@caisson/contracts';
import { clusterProto, type proto } from '@caisson/formats';

const { ClusterStep } = clusterProto;

const STEPS: ReadonlyMap<clusterProto.ClusterStep, ClusterProgress['step']> = new Map([
  [ClusterStep.CLUSTER_STEP_ASKING, 'asking'],
  [ClusterStep.CLUSTER_STEP_REGISTERING, 'registering'],
  [ClusterStep.CLUSTER_STEP_ADDING, 'adding'],
  [ClusterStep.CLUSTER_STEP_CATCHING_UP, 'catching-up'],
  [ClusterStep.CLUSTER_STEP_PROMOTING, 'promoting'],
  [ClusterStep.CLUSTER_STEP_TRANSFERRING, 'transferring'],
  [ClusterStep.CLUSTER_STEP_REMOVING, 'removing'],
  [ClusterStep.CLUSTER_STEP_DONE, 'done'],
]);
const PROGRESS_STATES: readonly string[] = ['catching-up', 'following', 'snapshot'];

export function toStatus({ node, clusterId, groups }: clusterProto.ClusterStatusResponse): ClusterStatus {
  return { node, clusterId, groups: groups.map(toGroupStatus) };
}

/** Undefined for a step that a newer server makes and this build cannot name. */
export function toProgress(message: clusterProto.ClusterProgress): ClusterProgress | undefined {
  const step = STEPS.get(message.step);
  if (step === undefined) return undefined;
  const { matched, goal } = message;
  return {
    group: toCount(message.group),
    step,
    ...(matched !== undefined && { matched: toCount(matched) }),
    ...(goal !== undefined && { goal: toCount(goal) }),
  };
}

export function toDigest({ group, position, digest, pairs }: clusterProto.DigestResponse): StateDigest {
  return { group: toCount(group), position: toCount(position), digest, pairs: toCount(pairs) };
}

function toGroupStatus(group: proto.GroupStatus): GroupStatus {
  const { leads, leader, halted } = group;
  return {
    id: toCount(group.id),
    applied: toCount(group.applied),
    durable: toCount(group.durable),
    leads,
    ...(leader && { leader }),
    leadership: toCount(group.leadership),
    members: group.members.map(toMember),
    ...(halted && { halted }),
    refused: toCount(group.refused),
  };
}

function toMember({ name, learner, address, clientAddress, progress }: proto.Member): Member {
  return {
    name,
    role: learner ? 'learner' : 'voter',
    ...(address && { address }),
    ...(clientAddress && { clientAddress }),
    ...(progress && { progress: toMemberProgress(progress) }),
  };
}

function toMemberProgress({ matched, state, active }: proto.MemberProgress): MemberProgress {
  const known = PROGRESS_STATES.includes(state) ? state : 'catching-up';
  return { matched: toCount(matched), state: known as MemberProgress['state'], active };
}

function toCount(value: bigint): number {
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw new CaissonError('MESSAGE_MALFORMED', { field: 'count', value });
}
