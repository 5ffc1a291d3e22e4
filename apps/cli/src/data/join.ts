import { toHex } from '@caisson/base';
import { CaissonError } from '@caisson/contracts';
import { decodeJoinToken, fullNodeId, nodeId16, type JoinToken } from '@caisson/formats';
import { isAddress, withCluster, type AccessOptions } from '../session/connection.js';

/** The cluster that `--join` means: a token, or the address of a node that hands one out. */
export async function clusterToJoin(
  join: string,
  access: AccessOptions,
  signal: AbortSignal,
): Promise<JoinToken> {
  if (!isAddress(join)) return decodeJoinToken(join.trim());
  return withCluster({ ...access, address: [join] }, async (client) => {
    const token = decodeJoinToken(await client.joinToken({ signal }));
    const { clusterId } = await client.status({ signal });
    const [told, expected] = [toHex(token.clusterId), toHex(clusterId)];
    if (told !== expected) throw new CaissonError('CLUSTER_MISMATCH', { token: told, cluster: expected });
    return token;
  });
}

/** What can be known to fail before a directory is made: the cluster would refuse such a node later. */
export function refuseUnwelcome(name: string, { members }: JoinToken): void {
  const taken = members.some((member) => member.name === name);
  if (taken) throw new CaissonError('INVALID_ARGUMENT', { field: 'name', limit: 'no member’s name', name });
  const id = nodeId16(fullNodeId(name));
  const other = members.find((member) => nodeId16(fullNodeId(member.name)) === id);
  if (other) throw new CaissonError('NODE_ID_COLLISION', { name, with: other.name });
}
