import type { CallContext, ClusterProgress, ClusterService } from '@caisson/contracts';
import { clusterProto, grpcMethods } from '@caisson/formats';
import type { OpenCalls } from '../open-calls.js';
import { fromDigest, fromProgress, fromStatus, required, toAddRequest, toCount } from './cluster-messages.js';

export const CLUSTER_SERVICE = clusterProto.ClusterDefinition.fullName;
export const CLUSTER_METHODS = grpcMethods(clusterProto.ClusterDefinition, (bytes) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
);

/** `caisson.v1.Cluster` over the service of this node. Looking needs a reader, ordering an operator. */
export function clusterHandlers(cluster: ClusterService, calls: OpenCalls) {
  const order = <Request>(
    carryOut: (request: Request, context: CallContext) => AsyncIterable<ClusterProgress>,
  ) => calls.stream('operator', (request: Request, signal) => messages(carryOut(request, { signal })));
  return {
    status: calls.unary('reader', async () => fromStatus(cluster.status())),
    add: order<clusterProto.AddRequest>(({ node }, context) =>
      cluster.add(toAddRequest(node, 'node'), context),
    ),
    promote: order<clusterProto.PromoteRequest>(({ name }, context) =>
      cluster.promote(required(name, 'name'), context),
    ),
    remove: order<clusterProto.RemoveRequest>(({ name }, context) =>
      cluster.remove(required(name, 'name'), context),
    ),
    replace: order<clusterProto.ReplaceRequest>(({ old, by }, context) =>
      cluster.replace(required(old, 'old'), toAddRequest(by, 'by'), context),
    ),
    transfer: order<clusterProto.TransferRequest>(({ target }, context) =>
      cluster.transfer(target === '' ? undefined : target, context),
    ),
    joinToken: calls.unary('reader', async () => ({ token: cluster.joinToken() })),
    digest: calls.unary('reader', async ({ group, position }: clusterProto.DigestRequest, signal) =>
      fromDigest(await cluster.digest(toCount(group, 'group'), toCount(position, 'position'), { signal })),
    ),
  };
}

async function* messages(
  steps: AsyncIterable<ClusterProgress>,
): AsyncGenerator<clusterProto.ClusterProgress, void, undefined> {
  for await (const step of steps) yield fromProgress(step);
}
