import { CALM, ROUGH } from '@caisson/simulator';
import { z } from 'zod';
import type { Draw, Family, Scene } from './family.js';
import { type Links, links, linksInWords, onEach } from './links.js';

export const NetworkFault = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('cut'), links }),
  /** Of everything, or of some links. */
  z.strictObject({ kind: z.literal('heal'), links: links.optional() }),
  z.strictObject({ kind: z.literal('weather'), weather: z.enum(['rough', 'calm']) }),
  /** So slow that messages pile up. */
  z.strictObject({ kind: z.literal('clog'), links, ms: z.number().int().min(1).max(10_000) }),
  /** Nothing passes, and nobody is told: a connection that is open at one end. */
  z.strictObject({ kind: z.literal('mute'), links }),
  /** Connections break in the middle of whatever is on them. */
  z.strictObject({ kind: z.literal('reset'), links }),
  /** The last frames of a link arrive once more, also if their sender or receiver was started anew since. */
  z.strictObject({ kind: z.literal('replay'), links }),
]);
export type NetworkFault = z.infer<typeof NetworkFault>;

const IDS: Readonly<Record<NetworkFault['kind'], string>> = {
  cut: 'N7',
  heal: 'N7',
  weather: 'N1-N4',
  clog: 'N11',
  mute: 'N12',
  reset: 'N13',
  replay: 'N5',
};

export const networkFamily: Family<NetworkFault> = {
  kinds: Object.keys(IDS) as NetworkFault['kind'][],
  idOf: (fault) => (fault.kind === 'cut' && isOneWay(fault.links) ? 'N8' : IDS[fault.kind]),
  isRelief: (fault) => fault.kind === 'heal' || (fault.kind === 'weather' && fault.weather === 'calm'),
  describe,
  perform,
};

function isOneWay(cut: Links): boolean {
  return cut.some(([from, to]) => !cut.some(([other, back]) => other === to && back === from));
}

function describe(fault: NetworkFault): string {
  switch (fault.kind) {
    case 'cut':
      return `cut: ${linksInWords(fault.links)}`;
    case 'heal':
      return fault.links === undefined ? 'all links work' : `healed: ${linksInWords(fault.links)}`;
    case 'weather':
      return `${fault.weather} weather`;
    case 'clog':
      return `clogged by ${fault.ms} ms: ${linksInWords(fault.links)}`;
    case 'mute':
      return `half open: ${linksInWords(fault.links)}`;
    case 'reset':
      return `reset: ${linksInWords(fault.links)}`;
    case 'replay':
      return `old frames once more: ${linksInWords(fault.links)}`;
  }
}

function perform(fault: NetworkFault, scene: Scene): boolean {
  const { network } = scene.cluster;
  switch (fault.kind) {
    case 'cut':
      return onEach(fault.links, scene, (from, to) => {
        if (network.link(from, to).isCut) return false;
        network.cut(from, to);
        return true;
      });
    case 'heal':
      if (fault.links === undefined) network.healAll();
      else onEach(fault.links, scene, (from, to) => (network.heal(from, to), true));
      return true;
    case 'weather':
      return blow(fault.weather === 'rough', scene);
    case 'clog': {
      const weather = { ...CALM, latencyMs: [fault.ms, fault.ms + 20] as const };
      return onEach(fault.links, scene, (from, to) => (network.cloud(from, to, weather), true));
    }
    case 'mute':
      return onEach(fault.links, scene, (from, to) => {
        if (network.link(from, to).isCut) return false;
        network.mute(from, to);
        return true;
      });
    case 'reset':
      return onEach(fault.links, scene, (from, to) => (network.reset(from, to), true));
    case 'replay':
      return onEach(fault.links, scene, (from, to) => network.replay(from, to) > 0);
  }
}

function blow(isRough: boolean, { cluster }: Scene): boolean {
  const isChange = isRough !== cluster.isRough;
  cluster.isRough = isRough;
  cluster.network.weather = isRough ? ROUGH : CALM;
  return isChange;
}

export const CUTS: readonly Draw[] = [
  { weight: 16, draw: (fate) => fate.cut() },
  { weight: 20, draw: () => [{ kind: 'heal' }] },
  { weight: 8, draw: (fate) => fate.weather() },
];

export const LINKS: readonly Draw[] = [
  {
    weight: 8,
    draw: (fate) => fate.onLinks((some) => ({ kind: 'clog', links: some, ms: fate.logUniform(2000) })),
  },
  { weight: 8, draw: (fate) => fate.onLinks((some) => ({ kind: 'mute', links: some })) },
  { weight: 10, draw: (fate) => fate.onLinks((some) => ({ kind: 'reset', links: some })) },
  { weight: 8, draw: (fate) => fate.onLinks((some) => ({ kind: 'replay', links: some })) },
  { weight: 6, draw: (fate) => fate.bridge() },
  { weight: 20, draw: () => [{ kind: 'heal' }] },
];
