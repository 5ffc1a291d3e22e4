import type { ConfState } from '../message/state.js';
import { SimCluster } from './cluster.js';
import type { SimEvent, SimPlan } from './events.js';
import { ruleOf, uphold } from './violation.js';

export interface SimFailure {
  readonly rule: string;
  readonly error: unknown;
  /** Events that had happened, the last of them failing; all of them if the calm afterwards failed. */
  readonly happened: number;
}

const CALM_ROUNDS = 400;
/** Until then elections and membership changes that were under way come to an end. */
const SETTLING_ROUNDS = 60;

/** Runs a plan and then, all faults over, demands that the group gets going again. */
export function runPlan(plan: SimPlan, say?: (word: string) => void): SimFailure | undefined {
  const cluster = new SimCluster(plan);
  let happened = 0;
  try {
    for (const event of plan.events) {
      happened++;
      const word = cluster.happen(event);
      if (word !== undefined) say?.(`${String(happened).padStart(5)}  ${word()}`);
    }
    calmDown(cluster);
    return undefined;
  } catch (error) {
    return { rule: ruleOf(error), error, happened };
  }
}

/** LIVE: once nodes stay up and links work, a new proposal is applied by every member. */
function calmDown(cluster: SimCluster): void {
  cluster.happen({ kind: 'heal' });
  for (const node of cluster.nodes) node.start();
  let target = Infinity;
  for (let round = 0; round < CALM_ROUNDS; round++) {
    const members = membersOf(cluster);
    keepUp(cluster, members);
    for (let times = 0; times < 8; times++) cluster.settle();
    if (round >= SETTLING_ROUNDS && target === Infinity) target = proposeSomething(cluster);
    if (members.every((id) => cluster.node(id).disk.app.latest.applied >= target)) return;
  }
  uphold('LIVE', isOutvoted(cluster), () => `nothing moves after ${CALM_ROUNDS} rounds of calm`);
}

/** Time passes for the members. Whoever was removed must not keep them busy: its operator has stopped it. */
function keepUp(cluster: SimCluster, members: readonly number[]): void {
  for (const node of cluster.nodes) {
    if (!members.includes(node.id)) {
      node.stop();
      continue;
    }
    node.start();
    for (const event of calmEvents(node.id, members)) cluster.happen(event);
  }
}

/** Answers the index by which the proposal must be applied. */
function proposeSomething(cluster: SimCluster): number {
  const leader = cluster.nodes.find(({ raw }) => raw?.raft.role === 'StateLeader')?.raw;
  return leader?.propose(Uint8Array.of(1, 2, 3)) === 'accepted' ? leader.raft.log.lastIndex() : Infinity;
}

const calmEvents = (id: number, others: readonly number[]): SimEvent[] => [
  { kind: 'tick', id },
  ...others.map((to): SimEvent => ({ kind: 'lost-snapshot', id, to })),
];

/**
 * The one way to come to rest for good that changes applied late allow: a member has not heard that a
 * change is committed, needs the vote of somebody who has and who therefore votes or campaigns no more (see
 * DESIGN.md).
 */
function isOutvoted(cluster: SimCluster): boolean {
  const voters = votersOf(newestMembership(cluster));
  return cluster.nodes.some(({ disk }) =>
    votersOf(disk.app.latest.confState).some((id) => !voters.includes(id)),
  );
}

const votersOf = ({ voters, votersOutgoing }: ConfState): readonly number[] => [...voters, ...votersOutgoing];

/** By the word of whoever has applied most. */
function newestMembership(cluster: SimCluster): ConfState {
  const [first, ...others] = cluster.nodes.map(({ disk }) => disk.app.latest);
  return others.reduce((best, image) => (image.applied > best.applied ? image : best), first!).confState;
}

function membersOf(cluster: SimCluster): readonly number[] {
  const newest = newestMembership(cluster);
  return [...new Set([...votersOf(newest), ...newest.learners])];
}
