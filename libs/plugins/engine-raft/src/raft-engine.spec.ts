import { Cluster } from './testdata/cluster.js';

let cluster: Cluster;
afterEach(() => cluster.dispose());

describe('three nodes', () => {
  it('elect one leader and replicate what it is given', async () => {
    cluster = await Cluster.of(3);
    await cluster.add('a', 5);
    await cluster.converged();
    for (const node of cluster.nodes) expect(await node.count('a')).toBe(5);
    expect(cluster.nodes.filter(({ leads }) => leads)).toHaveLength(1);
  });
});
