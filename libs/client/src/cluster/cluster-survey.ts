import type { ClusterStatus, GroupStatus } from '@caisson/contracts';
import type { CallOptions } from '../options.js';
import { toStatus } from './cluster-messages.js';
import { CLUSTER_METHODS } from './cluster-node.js';
import type { LeaderCalls } from './leader-calls.js';

/** A node that tells what it knows as leader is asked no longer than this. */
const LEADER_STATUS_MS = 3_000;

export interface GroupView {
  readonly group: GroupStatus;
  /** Where clients reach the leader, if anybody knows. */
  readonly leaderAddress: string | undefined;
}

export interface Survey {
  /** Of the node that answered first. */
  readonly status: ClusterStatus;
  /** Each of its groups as whoever knows most tells it. */
  readonly views: readonly GroupView[];
}

/**
 * Asks any node, then the leaders it names. Where it knows none, everybody is asked: it may have been cut
 * off, or removed without having heard of it. Who does not answer soon says nothing.
 */
export async function surveyCluster(
  calls: LeaderCalls,
  known: readonly string[],
  options: CallOptions,
): Promise<Survey> {
  const limits = calls.limits(options);
  const { answer, address: asked } = await calls.askAny(CLUSTER_METHODS.status, {}, limits);
  const status = toStatus(answer);
  const first = status.groups.map((group) => viewOf(group, asked));
  const others = new Set(first.flatMap(({ leaderAddress }) => leaderAddress ?? []));
  const lost = status.groups.filter(({ leader }) => leader === undefined);
  for (const address of lost.length > 0 ? known : []) others.add(address);
  for (const { members } of lost)
    for (const { clientAddress } of members) if (clientAddress) others.add(clientAddress);
  others.delete(asked);
  const soon = { ...limits, deadlineMs: Math.min(limits.deadlineMs, LEADER_STATUS_MS) };
  const told = await Promise.allSettled(
    [...others].map(async (address) => {
      const { groups } = toStatus(await calls.node(address).ask(CLUSTER_METHODS.status, {}, soon));
      return groups.map((group) => viewOf(group, address));
    }),
  );
  const second = told.flatMap((views) => (views.status === 'fulfilled' ? views.value : []));
  return { status, views: first.map((view) => best(view, second)) };
}

function viewOf(group: GroupStatus, toldBy: string): GroupView {
  const leader = group.members.find(({ name }) => name === group.leader);
  return { group, leaderAddress: group.leads ? toldBy : leader?.clientAddress };
}

/** Who leads knows most; then who knows a leader; then whoever was asked first. */
function best(view: GroupView, others: readonly GroupView[]): GroupView {
  const same = others.filter(({ group }) => group.id === view.group.id);
  const led = same.find(({ group }) => group.leads);
  if (view.group.leads || led) return led ?? view;
  return view.group.leader === undefined ? (same.find(({ group }) => group.leader) ?? view) : view;
}
