import { toUtf8 } from '@caisson/base';
import { StormCluster } from '../src/cluster/cluster.js';
import { ENGINE } from '../src/cluster/engine.js';

describe('a disk that is put back under a leader that remembers', () => {
  let cluster: StormCluster;

  beforeEach(async () => {
    cluster = await StormCluster.of(3, { seed: 1, isEncrypted: true, engine: ENGINE, plants: {} });
  });
  afterEach(() => cluster.end());

  async function write(count: number): Promise<void> {
    for (let at = 0; at < count; at++) {
      const mutations = [{ op: 'put' as const, key: toUtf8('key'), value: toUtf8(`${at}`) }];
      await cluster.settled(cluster.leader!.process!.kv.write({ mutations }, {}));
    }
  }

  it('ends its node with an error of the disk, and the node is back under another leader', async () => {
    await write(3);
    const old = cluster.machine('n3');
    const image = old.disk.platter.image;
    await write(5);
    const { applied } = cluster.leader!.group.status();
    await cluster.must(5000, 'n3 follows', () => old.group.status().applied >= applied);
    old.process!.life.end();
    old.disk.platter.restore(image);
    await cluster.settled(old.start());
    await cluster.must(5000, 'n3 ends', () => old.process === undefined);
    const texts = cluster.findings.all.map(({ text }) => text);
    expect(texts.filter((text) => text.includes('fatal'))).toEqual([
      expect.stringMatching(/^n3: fatal: CORRUPTION: .*acknowledged/s),
    ]);
    cluster.leader!.process!.life.end();
    await cluster.must(20_000, 'nobody leads who cannot', () => cluster.leader === undefined);
    await cluster.settled(Promise.all([cluster.machine('n1').start(), old.start()]));
    await cluster.must(20_000, 'n3 catches up', () => old.isUp && old.group.status().applied > applied);
  }, 60_000);
});
