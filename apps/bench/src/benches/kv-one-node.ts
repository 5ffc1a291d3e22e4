import { join } from 'node:path';
import { EtcdCluster } from '../etcd/etcd-server.js';
import { pipelined, UnaryTarget } from '../load/caisson-targets.js';
import { compareSides, PLANS } from '../load/compare-sides.js';
import type { Side } from '../load/side.js';
import type { Bench } from '../measure.js';
import { CaissonNode } from '../processes/caisson-node.js';
import { Closing, inWorkspace } from '../processes/workspace.js';
import { Results } from '../results.js';

/** One encrypted node against one etcd, on one disk, both syncing what they acknowledge. */
export const kvOneNode: Bench = {
  id: 'kv-one-node',
  compares: 'put and get of 1 KiB through the API of one encrypted node, against one etcd on the same disk',
  run: (options) =>
    inWorkspace(options.folder, (folder) =>
      Closing.during(async (closing) => {
        const ours = await openNode(join(folder, 'caisson'), closing);
        const theirs = options.etcd && (await openEtcd(options.etcd, join(folder, 'etcd'), closing));
        const results = new Results();
        await compareSides({ ours, ...(theirs && { theirs }) }, PLANS, options, { results });
        return results.list();
      }),
    ),
};

async function openNode(folder: string, closing: Closing): Promise<Side> {
  const node = await CaissonNode.start(folder);
  closing.add(() => node.end());
  const side = {
    unary: new UnaryTarget(node.address),
    pipelined: pipelined(node.address),
    adminAddresses: [node.adminAddress],
  };
  closing.add(() => side.unary.close());
  closing.add(() => side.pipelined.close());
  return side;
}

async function openEtcd(path: string, folder: string, closing: Closing): Promise<Side> {
  const cluster = await EtcdCluster.start(path, folder, 1);
  closing.add(() => cluster.end());
  const [member] = cluster.members;
  return { unary: member!.client, pipelined: member!.client, adminAddresses: [member!.address] };
}
