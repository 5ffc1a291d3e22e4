import { Lab } from './lab.js';
import { Ledger } from './ledger.js';
import type { Media } from './media.js';
import type { LabNode } from './node.js';
import { backUp, restored } from './second-cluster.js';

const WRITES = 20;
const SECOND_ID = new Uint8Array(16).fill(8);

const labs: Lab[] = [];
afterEach(() => {
  for (const lab of labs.splice(0)) lab.end();
});

function labOf(envelopeVersion: 1 | 2, ledger = new Ledger(), clusterId?: Uint8Array): Lab {
  const lab = new Lab({ envelopeVersion, ledger, ...(clusterId && { clusterId }) });
  labs.push(lab);
  return lab;
}

async function clusterOf(voters: number, envelopeVersion: 1 | 2): Promise<Lab> {
  const lab = await Lab.of(voters, { envelopeVersion });
  labs.push(lab);
  return lab;
}

let wrote = 0;
/** Values that nobody has written before, each sealed in the log and in every store. */
async function work(lab: Lab): Promise<void> {
  const { seals } = lab.ledger;
  const pairs = Array.from({ length: WRITES }, () => [`k${++wrote}`, `value ${wrote}`] as const);
  for (const [key, value] of pairs) await lab.write(key, value);
  expect(lab.ledger.seals - seals).toBeGreaterThanOrEqual(2 * WRITES);
}

/** Ends the node as a loss of power does: what it applied last has to be applied again. */
async function imageOf(node: LabNode): Promise<Media> {
  node.kill();
  return node.media.image();
}

/** Another process on a copy of the disks, which takes itself for the node. */
async function cloneOf(lab: Lab, node: LabNode): Promise<Lab> {
  const other = labOf(node.encryption.envelopeVersion as 1 | 2, lab.ledger);
  const media = await imageOf(node);
  other.add(node.name, { media });
  return other;
}

const VERSIONS = [
  [2, 'under envelope 2 no key meets a nonce twice'],
  [1, 'under envelope 1 it is not caught, and nonces repeat'],
] as const;

function expectRepeats({ ledger }: Lab, version: 1 | 2): void {
  if (version === 2) expect(ledger.repeats).toEqual([]);
  else expect(ledger.repeats.length).toBeGreaterThan(0);
}

describe('the only node, its disks rolled back as a whole:', () => {
  test.each(VERSIONS)('(%i) %s', async (version) => {
    const lab = await clusterOf(1, version);
    const node = lab.node('n1');
    await work(lab);
    const image = await imageOf(node);
    for (let life = 0; life < 3; life++) {
      node.media = await image.image();
      await lab.settled(node.start());
      await work(lab);
      node.kill();
    }
    expectRepeats(lab, version);
  });
});

describe('the only node, a copy of its disks started as another process:', () => {
  test.each(VERSIONS)('(%i) %s', async (version) => {
    const lab = await clusterOf(1, version);
    const node = lab.node('n1');
    await work(lab);
    const other = await cloneOf(lab, node);
    await lab.settled(node.start());
    await other.settled(other.node('n1').start());
    for (let round = 0; round < 3; round++) {
      await work(lab);
      await work(other);
    }
    expectRepeats(lab, version);
  });
});

describe('the disks of all members rolled back together:', () => {
  test.each(VERSIONS)('(%i) %s', async (version) => {
    const lab = await clusterOf(3, version);
    await work(lab);
    const images: Media[] = [];
    for (const node of lab.nodes) images.push(await imageOf(node));
    for (let life = 0; life < 2; life++) {
      for (const [at, node] of lab.nodes.entries()) node.media = await images[at]!.image();
      await lab.settled(Promise.all(lab.nodes.map((node) => node.start())));
      await lab.even();
      await work(lab);
      for (const node of lab.nodes) node.kill();
    }
    expectRepeats(lab, version);
  });
});

/** As it was at the image, while the others went on and it with them. */
async function rolledBack(version: 1 | 2): Promise<{ lab: Lab; node: LabNode }> {
  const lab = await clusterOf(3, version);
  await work(lab);
  const node = lab.node('n3');
  const image = await imageOf(node);
  for (let life = 0; life < 3; life++) {
    await lab.settled(node.start());
    await lab.even();
    await work(lab);
    node.kill();
  }
  node.media = image;
  return { lab, node };
}

const CAUGHT = [
  [2, 'under envelope 2 no key meets a nonce twice'],
  [1, 'under envelope 1 it takes later epochs than the others know of, and no nonce repeats'],
] as const;

describe('one of three, its disks rolled back as a whole:', () => {
  test.each(CAUGHT)('(%i) %s', async (version) => {
    const { lab, node } = await rolledBack(version);
    const from = await lab.led();
    await lab.settled(from.engine.transferLeadership(1, lab.nodes.find((each) => each !== from)!.name));
    await lab.settled(node.start());
    await lab.even();
    await work(lab);
    await lab.settled((await lab.led()).engine.transferLeadership(1, node.name));
    await lab.until('it leads', () => lab.leader === node);
    await work(lab);
    expect(lab.ledger.repeats).toEqual([]);
  });

  test('a leader that knows better what it confirmed ends it with a name for what happened', async () => {
    const { lab, node } = await rolledBack(2);
    await lab.settled(node.start());
    await lab.until('it ends', () => node.isDown);
    expect(node.fatal).toMatchObject({ code: 'CORRUPTION' });
    await work(lab);
    expect(lab.ledger.repeats).toEqual([]);
  });
});

describe('the sidecar alone rolled back:', () => {
  test.each([2, 1] as const)(
    'under envelope %i the start refuses it by name, and nothing is sealed',
    async (version) => {
      const lab = await clusterOf(1, version);
      const node = lab.node('n1');
      await work(lab);
      const image = await imageOf(node);
      await lab.settled(node.start());
      await work(lab);
      await lab.settled(node.stop());
      await image.copyFiles(node.media);
      const { seals } = lab.ledger;
      expect(await lab.failure(node.start())).toBe('LOCAL_EPOCH_ROLLBACK');
      expect(lab.ledger.seals).toBe(seals);
    },
  );
});

const ALONE = [
  [2, 'under envelope 2 it seals again what it applies again, and no key meets a nonce twice'],
  [1, 'under envelope 1 it takes no epoch without a quorum, and seals nothing'],
] as const;

describe('one of three, a copy of its disks started as another process:', () => {
  test.each(VERSIONS)('beside the original, which then starts again: (%i) %s', async (version) => {
    const lab = await clusterOf(3, version);
    await work(lab);
    const node = lab.node('n3');
    const media = await imageOf(node);
    await lab.settled(node.start());
    await lab.even();
    const clone = lab.add('n3', { media, address: 'elsewhere:7000' });
    void clone.start().catch(() => undefined);
    await work(lab);
    await lab.pass(2000);
    await work(lab);
    clone.kill();
    await lab.settled(node.stop());
    await lab.settled(node.start());
    await lab.even(lab.nodes.slice(0, 3));
    await work(lab);
    expectRepeats(lab, version);
  });

  test.each(VERSIONS)('at the same moment as the original: (%i) %s', async (version) => {
    const lab = await clusterOf(3, version);
    await work(lab);
    const node = lab.node('n3');
    const media = await imageOf(node);
    const clone = lab.add('n3', { media, address: 'elsewhere:7000' });
    await lab.settled(Promise.all([node.start(), clone.start()]));
    await lab.even(lab.nodes.slice(0, 3));
    await work(lab);
    expectRepeats(lab, version);
  });

  test.each(ALONE)('where it reaches nobody: (%i) %s', async (version) => {
    const lab = await clusterOf(3, version);
    await work(lab);
    const node = lab.node('n3');
    const other = await cloneOf(lab, node);
    const { seals } = lab.ledger;
    void other
      .node('n3')
      .start()
      .catch(() => undefined);
    await other.pass(3000);
    expect(other.node('n3').isUp).toBe(version === 2);
    expect(lab.ledger.seals > seals).toBe(version === 2);
    await lab.settled(node.start());
    await lab.even();
    await work(lab);
    expect(lab.ledger.repeats).toEqual([]);
  });
});

describe('one of three loses its disks before the others know its last epoch, and comes back under its name:', () => {
  test.each(VERSIONS)('(%i) %s', async (version) => {
    const lab = await clusterOf(3, version);
    await work(lab);
    const node = lab.node('n3');
    node.kill();
    const { seals } = lab.ledger;
    await lab.settled(node.start());
    node.kill();
    expect(lab.ledger.seals).toBeGreaterThan(seals);
    const { engine } = await lab.led();
    await lab.settled(engine.changeMembership(1, { kind: 'remove', name: 'n3' }));
    const fresh = lab.renew('n3');
    await lab.settled(fresh.start());
    await lab.letIn(fresh);
    await work(lab);
    expectRepeats(lab, version);
  });
});

describe('a backup restored as a second cluster while the first lives:', () => {
  test.each([2, 1] as const)(
    'under envelope %i both go on writing, and no key meets a nonce twice',
    async (version) => {
      const lab = await clusterOf(1, version);
      await work(lab);
      await lab.rotate('storage');
      await work(lab);
      const node = lab.node('n1');
      const backup = await backUp(lab, node);
      const before = await lab.pairs(node);
      const second = labOf(version, lab.ledger, SECOND_ID);
      const identity = { name: 'n1', clusterId: SECOND_ID, format: 1, birth: 'encrypted' } as const;
      const restoredNode = second.add('n1', { media: await restored(backup, identity, 1) });
      await second.settled(restoredNode.start());
      expect(await second.pairs(restoredNode)).toEqual(before);
      for (let round = 0; round < 3; round++) {
        await work(lab);
        await work(second);
        for (const [each, at] of [
          [lab, node],
          [second, restoredNode],
        ] as const) {
          await each.settled(at.stop());
          await each.settled(at.start());
        }
      }
      expect(lab.ledger.repeats).toEqual([]);
    },
  );
});
