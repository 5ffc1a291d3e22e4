import { z } from 'zod';

const node = z.string().regex(/^n[1-9]\d{0,2}$/);
const calls = z.number().int().positive();

/** What can be done to a cluster, as data. Nodes are named, so a schedule reads like a story. */
export const Fault = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('crash'), node }),
  /** Ends the process with its so-manieth call to a disk, a log or a store, before or after its effect. */
  z.strictObject({ kind: z.literal('crashAtCall'), node, calls, moment: z.enum(['before', 'after']) }),
  z.strictObject({ kind: z.literal('powerLoss') }),
  z.strictObject({ kind: z.literal('stop'), node }),
  z.strictObject({ kind: z.literal('start'), node }),
  /** Each link in its direction. */
  z.strictObject({ kind: z.literal('cut'), links: z.array(z.tuple([node, node])).min(1) }),
  z.strictObject({ kind: z.literal('heal') }),
  z.strictObject({ kind: z.literal('weather'), weather: z.enum(['rough', 'calm']) }),
  z.strictObject({ kind: z.literal('transfer'), to: node }),
  z.strictObject({ kind: z.literal('addLearner'), node }),
  z.strictObject({ kind: z.literal('promote'), node }),
  z.strictObject({ kind: z.literal('remove'), node }),
]);
export type Fault = z.infer<typeof Fault>;

/** What ends harm instead of doing it; it counts as no fault. */
const RELIEF: ReadonlySet<Fault['kind']> = new Set(['start', 'heal']);

export function isRelief(fault: Fault): boolean {
  return RELIEF.has(fault.kind) || (fault.kind === 'weather' && fault.weather === 'calm');
}

export function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case 'crash':
      return `${fault.node} crashes`;
    case 'crashAtCall':
      return `${fault.node} is to crash ${fault.moment} call ${fault.calls}`;
    case 'powerLoss':
      return 'all crash';
    case 'stop':
      return `${fault.node} is stopped`;
    case 'start':
      return `${fault.node} starts`;
    case 'cut':
      return `cut: ${fault.links.map(([from, to]) => `${from} to ${to}`).join(', ')}`;
    case 'heal':
      return 'all links work';
    case 'weather':
      return `${fault.weather} weather`;
    case 'transfer':
      return `the leader hands over to ${fault.to}`;
    default:
      return `the leader is to ${fault.kind} ${fault.node}`;
  }
}
