import { StormCluster } from '../src/cluster/cluster.js';
import { ENGINE } from '../src/cluster/engine.js';

/** Members come and go while one of them is down. */
describe('a member that was away while members changed', () => {
  let cluster: StormCluster;

  beforeEach(async () => {
    cluster = await StormCluster.of(3, { seed: 1, isEncrypted: true, engine: ENGINE, plants: {} });
  });
  afterEach(() => cluster.end());

  it('follows a leader that it has never heard of', async () => {
    const [founder, away] = [cluster.machine('n1'), cluster.machine('n2')];
    away.process!.life.end();
    await cluster.grow();
    await cluster.passMs(200);
    await cluster.settled(founder.engine.transferLeadership(1, 'n4'));
    await cluster.within(5000, () => cluster.leader?.name === 'n4');
    expect(cluster.leader?.name).toBe('n4');
    await cluster.settled(away.start());
    const isBack = () => away.group.status().leader === 'n4';
    expect(await cluster.within(5000, isBack)).toBe(true);
    const { applied } = cluster.machine('n4').group.status();
    expect(await cluster.within(5000, () => away.group.status().applied >= applied)).toBe(true);
  });
});
