/** The messages of `caisson.v1.Cluster` and the orders of `ClusterService`, in each other's terms. */
import {
  CaissonError,
  type AddRequest,
  type ClusterProgress,
  type ClusterStatus,
  type StateDigest,
} from '@caisson/contracts';
import { clusterProto } from '@caisson/formats';
import { groupStatus } from '../node-status.js';

const { ClusterStep } = clusterProto;

const STEPS: Record<ClusterProgress['step'], clusterProto.ClusterStep> = {
  asking: ClusterStep.CLUSTER_STEP_ASKING,
  registering: ClusterStep.CLUSTER_STEP_REGISTERING,
  adding: ClusterStep.CLUSTER_STEP_ADDING,
  'catching-up': ClusterStep.CLUSTER_STEP_CATCHING_UP,
  promoting: ClusterStep.CLUSTER_STEP_PROMOTING,
  transferring: ClusterStep.CLUSTER_STEP_TRANSFERRING,
  removing: ClusterStep.CLUSTER_STEP_REMOVING,
  done: ClusterStep.CLUSTER_STEP_DONE,
};

export function fromStatus({ node, clusterId, groups }: ClusterStatus): clusterProto.ClusterStatusResponse {
  return { node, clusterId, groups: groups.map(groupStatus) };
}

export function fromProgress({ group, step, matched, goal }: ClusterProgress): clusterProto.ClusterProgress {
  const whole = (count: number | undefined) => (count === undefined ? undefined : BigInt(count));
  return { group: BigInt(group), step: STEPS[step], matched: whole(matched), goal: whole(goal) };
}

export function fromDigest({ group, position, digest, pairs }: StateDigest): clusterProto.DigestResponse {
  return { group: BigInt(group), position: BigInt(position), digest, pairs: BigInt(pairs) };
}

export function toAddRequest(candidate: clusterProto.Candidate | undefined, field: string): AddRequest {
  const { name = '', address = '', clientAddress = '', learner = false } = candidate ?? {};
  return {
    name: required(name, `${field}.name`),
    address: required(address, `${field}.address`),
    clientAddress: required(clientAddress, `${field}.client_address`),
    learner,
  };
}

/** A text that must not be empty; `INVALID_ARGUMENT` names the field. */
export function required(text: string, field: string): string {
  if (text !== '') return text;
  throw new CaissonError('INVALID_ARGUMENT', { field, limit: 'must be set' });
}

/** A group or position; `INVALID_ARGUMENT` beyond what a node counts to. */
export function toCount(value: bigint, field: string): number {
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw new CaissonError('INVALID_ARGUMENT', { field, limit: Number.MAX_SAFE_INTEGER, value });
}
