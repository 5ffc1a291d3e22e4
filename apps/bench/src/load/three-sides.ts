import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EtcdCluster, type EtcdMember } from '../etcd/etcd-server.js';
import { CaissonCluster, type Member } from '../processes/caisson-cluster.js';
import type { ChildServer } from '../processes/child-server.js';
import type { Closing } from '../processes/workspace.js';
import { pipelined, UnaryTarget } from './caisson-targets.js';
import { anyEtcdOf } from './etcd-targets.js';
import type { KvTarget } from './kv-target.js';
import type { Side } from './side.js';

const SIZE = 3;
const SETTLE_MS = 1_000;

/** A cluster of three, and what happens to clusters. */
export interface ClusterSide extends Side {
  /** Through whichever member serves. Repeats by itself what did not get through. */
  readonly resilient: KvTarget;
  /** Of a member that does not lead now. */
  follower(): Promise<ChildServer>;
  /** Moves leadership to another member. */
  handOver(): Promise<void>;
  killLeader(): Promise<void>;
  /** Starts what was killed, and waits until all members are level again. */
  restore(): Promise<void>;
}

export async function openCaisson(folder: string, closing: Closing): Promise<ClusterSide> {
  const cluster = await CaissonCluster.start(join(folder, 'caisson'), SIZE);
  closing.add(() => cluster.end());
  const { leader } = await cluster.settled();
  const targets = {
    unary: new UnaryTarget(leader.addresses.client),
    pipelined: pipelined(cluster.clientAddresses),
  };
  for (const target of Object.values(targets)) closing.add(() => target.close());
  let killed: Member | undefined;
  return {
    ...targets,
    // Follows leaders and repeats what is safe to repeat, as it is shipped.
    resilient: targets.pipelined,
    adminAddresses: cluster.members.map(({ node }) => node.adminAddress),
    follower: async () => (await cluster.settled()).followers[0]!.node.process,
    handOver: () => cluster.transfer(),
    killLeader: async () => {
      killed = (await cluster.settled()).leader;
      await killed.end('SIGKILL');
    },
    restore: async () => {
      await killed?.start();
      killed = undefined;
      await cluster.settled();
      await sleep(SETTLE_MS);
    },
  };
}

export async function openEtcd(path: string, folder: string, closing: Closing): Promise<ClusterSide> {
  const cluster = await EtcdCluster.start(path, join(folder, 'etcd'), SIZE);
  closing.add(() => cluster.end());
  const { client } = await cluster.leader();
  const follower = async () => {
    const leader = await cluster.leader();
    return cluster.members.find((member) => member !== leader)!;
  };
  let killed: EtcdMember | undefined;
  return {
    unary: client,
    pipelined: client,
    resilient: anyEtcdOf(cluster.members.map((member) => member.client)),
    adminAddresses: cluster.members.map(({ address }) => address),
    follower: async () => (await follower()).process,
    handOver: async () => {
      const { member } = await (await follower()).client.status();
      await (await cluster.leader()).client.moveLeader(member);
    },
    killLeader: async () => {
      killed = await cluster.leader();
      await killed.process.end('SIGKILL');
    },
    restore: async () => {
      killed?.restart();
      killed = undefined;
      await cluster.level();
      await sleep(SETTLE_MS);
    },
  };
}
