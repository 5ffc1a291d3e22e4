import { z } from 'zod';
import type { Draw, Family } from './family.js';
import { nodeOrPart as node } from './names.js';

const HOUR_MS = 3_600_000;

export const ClockFault = z.discriminatedUnion('kind', [
  /** The wall clock is set so much forward, or back. */
  z.strictObject({ kind: z.literal('clockStep'), node, ms: z.number().int().min(-HOUR_MS).max(HOUR_MS) }),
  /** Both clocks run so much too fast or too slow, in millionths. */
  z.strictObject({ kind: z.literal('clockDrift'), node, ppm: z.number().int().min(-500_000).max(1_000_000) }),
  /** The wall clock stands still; the monotonic one goes on. */
  z.strictObject({ kind: z.literal('clockFreeze'), node }),
  z.strictObject({ kind: z.literal('clockThaw'), node }),
  /** The wall clock alone runs so much too fast or too slow: the two clocks of one machine disagree. */
  z.strictObject({ kind: z.literal('clockApart'), node, ppm: z.number().int().min(-500_000).max(1_000_000) }),
]);
export type ClockFault = z.infer<typeof ClockFault>;

export const clockFamily: Family<ClockFault> = {
  kinds: ['clockStep', 'clockDrift', 'clockFreeze', 'clockThaw', 'clockApart'],
  idOf: (fault) => {
    if (fault.kind === 'clockStep') return fault.ms < 0 ? 'C4' : 'C3';
    if (fault.kind === 'clockApart') return 'C7';
    return fault.kind === 'clockDrift' ? 'C2' : 'C5';
  },
  isRelief: (fault) => fault.kind === 'clockThaw' || ('ppm' in fault && fault.ppm === 0),
  describe: (fault) => {
    if (fault.kind === 'clockStep') return `the clock of ${fault.node} is set by ${fault.ms} ms`;
    if (fault.kind === 'clockDrift') return `the clocks of ${fault.node} run wrong by ${fault.ppm} ppm`;
    if (fault.kind === 'clockApart')
      return `the wall clock of ${fault.node} runs wrong by ${fault.ppm} ppm, and the other one right`;
    return `the clock of ${fault.node} ${fault.kind === 'clockFreeze' ? 'stands still' : 'goes on'}`;
  },
  perform: (fault, { cluster }) => {
    const time = cluster.find(fault.node)?.equipment.time;
    if (time === undefined) return false;
    if (fault.kind === 'clockStep') time.step(fault.ms);
    else if (fault.kind === 'clockDrift') time.drift(fault.ppm);
    else if (fault.kind === 'clockApart') time.driftApart(fault.ppm);
    else if (fault.kind === 'clockFreeze') time.freeze();
    else time.thaw();
    return true;
  },
};

export const CLOCKS: readonly Draw[] = [
  {
    weight: 8,
    draw: (fate) =>
      fate.onAny((name) => [{ kind: 'clockStep', node: name, ms: fate.sign() * fate.logUniform(20_000) }]),
  },
  {
    weight: 8,
    draw: (fate) =>
      fate.onAny((name) => [{ kind: 'clockDrift', node: name, ppm: fate.sign() * fate.logUniform(200_000) }]),
  },
  {
    weight: 6,
    draw: (fate) =>
      fate.onAny((name) => [{ kind: 'clockApart', node: name, ppm: fate.sign() * fate.logUniform(200_000) }]),
  },
  { weight: 4, draw: (fate) => fate.onAny((name) => [{ kind: 'clockFreeze', node: name }]) },
  { weight: 6, draw: (fate) => fate.onAny((name) => [{ kind: 'clockThaw', node: name }]) },
];
