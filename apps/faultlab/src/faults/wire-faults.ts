import { z } from 'zod';
import type { Draw, Family, Scene } from './family.js';
import { node } from './names.js';
import { type Links, links, onEach, linksInWords } from './links.js';

export const WireFault = z.discriminatedUnion('kind', [
  /** Bits of the next message of each link change. The connection does not take them, and breaks. */
  z.strictObject({ kind: z.literal('flip'), links }),
  /** The next snapshot on a link breaks off behind so much of it. */
  z.strictObject({ kind: z.literal('snapshotCut'), links, permille: z.number().int().min(0).max(999) }),
  /** Nodes are cut off one after the other, and come back one after the other in another order. */
  z.strictObject({
    kind: z.literal('swizzle'),
    away: z.array(node).min(1),
    back: z.array(node).min(1),
    everyMs: z.number().int().min(1).max(10_000),
  }),
]);
export type WireFault = z.infer<typeof WireFault>;

type Swizzle = Extract<WireFault, { kind: 'swizzle' }>;

const IDS: Readonly<Record<WireFault['kind'], string>> = { flip: 'N6', snapshotCut: 'N14', swizzle: 'N10' };

export const wireFamily: Family<WireFault> = {
  kinds: Object.keys(IDS) as WireFault['kind'][],
  idOf: ({ kind }) => IDS[kind],
  isRelief: () => false,
  describe: (fault) => {
    if (fault.kind === 'flip') return `flipped bits: ${linksInWords(fault.links)}`;
    if (fault.kind === 'snapshotCut')
      return `the next snapshot breaks off at ${fault.permille / 10} %: ${linksInWords(fault.links)}`;
    const { away, back, everyMs } = fault;
    return `every ${everyMs} ms one is cut off (${away.join(', ')}), then one comes back (${back.join(', ')})`;
  },
  perform: (fault, scene) => {
    const { network } = scene.cluster;
    if (fault.kind === 'swizzle') return swizzle(fault, scene);
    for (const [from, to] of fault.links) {
      const happens = () => {
        scene.tell(
          fault.kind === 'flip'
            ? `flipped bits broke ${from} to ${to}`
            : `a snapshot broke off: ${from} to ${to}`,
        );
        scene.hadEffect(fault);
      };
      onEach([[from, to]], scene, (a, b) => {
        if (fault.kind === 'flip') network.flip(a, b, happens);
        else network.cutSnapshot(a, b, { permille: fault.permille, onCut: happens });
        return true;
      });
    }
    // Counted when it comes to pass.
    return false;
  },
};

function swizzle({ away, back, everyMs }: Swizzle, scene: Scene): boolean {
  const { cluster } = scene;
  const known = cluster.machines.map(({ name }) => name);
  const gone = new Set<string>();
  const linksOf = (one: string, others: readonly string[]): Links =>
    others
      .filter((other) => other !== one)
      .flatMap(
        (other): Links => [
          [one, other],
          [other, one],
        ],
      );
  const cut = (name: string) => {
    gone.add(name);
    onEach(linksOf(name, known), scene, (from, to) => (cluster.network.cut(from, to), true));
  };
  const heal = (name: string) => {
    gone.delete(name);
    const there = known.filter((other) => !gone.has(other));
    onEach(linksOf(name, there), scene, (from, to) => (cluster.network.heal(from, to), true));
  };
  const turns = [...away.map((name) => () => cut(name)), ...back.map((name) => () => heal(name))];
  for (const [at, turn] of turns.entries())
    cluster.clock.after(at * everyMs, () => void (cluster.isCalm || turn()));
  return away.some((name) => known.includes(name)) && known.length > 1;
}

export const WIRES: readonly Draw[] = [
  { weight: 8, draw: (fate) => fate.onLinks((some) => ({ kind: 'flip', links: some })) },
  {
    weight: 6,
    draw: (fate) =>
      fate.onLinks((some) => ({ kind: 'snapshotCut', links: some, permille: fate.integer(1000) })),
  },
  {
    weight: 3,
    draw: (fate) => {
      const away = fate.shuffledNames();
      return [{ kind: 'swizzle', away, back: fate.shuffledNames(), everyMs: 20 + fate.logUniform(400) }];
    },
  },
  { weight: 10, draw: () => [{ kind: 'heal' }] },
];
