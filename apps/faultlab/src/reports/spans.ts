import { describeFault, type Fault } from '../faults/fault.js';
import type { StoredRun } from './stored.js';

/** How long a fault lasted. */
export interface Span {
  readonly text: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What takes each back. Faults that are over at once have nobody here. */
const RELIEF: Readonly<Partial<Record<string, Fault['kind']>>> = {
  cut: 'heal',
  mute: 'heal',
  clog: 'heal',
  pause: 'resume',
  clockFreeze: 'clockThaw',
  diskTrouble: 'diskWell',
  keyTrouble: 'keyCalm',
};

interface Happened {
  readonly atMs: number;
  readonly fault: Fault;
}

/** Of every fault in the story that lasts: until it was taken back, or until all were, at the end. */
export function spansOf({ begunAtMs, counts, plan, story = [] }: StoredRun): readonly Span[] {
  if (plan === undefined) return [];
  const faults = new Map(plan.steps.map(({ fault }) => [describeFault(fault), fault]));
  const happened = story.flatMap(({ atMs, kind, text }): Happened[] => {
    const fault = kind === undefined ? undefined : faults.get(text);
    return fault === undefined ? [] : [{ atMs, fault }];
  });
  const endMs = Math.min(begunAtMs + plan.stormMs, counts.simulatedMs);
  return happened.flatMap(({ atMs, fault }, at): Span[] => {
    if (RELIEF[fault.kind] === undefined) return [];
    const relief = happened.slice(at + 1).find((later) => endsIt(later.fault, fault));
    return [{ text: describeFault(fault), fromMs: atMs, untilMs: Math.max(atMs, relief?.atMs ?? endMs) }];
  });
}

/** Relief without a target is for all. */
function endsIt(relief: Fault, fault: Fault): boolean {
  if (relief.kind !== RELIEF[fault.kind]) return false;
  const [given, wanted] = [targetOf(relief), targetOf(fault)];
  return given === undefined || given === wanted;
}

function targetOf(fault: Fault): string | undefined {
  const { links, node } = fault as { readonly links?: unknown; readonly node?: string };
  return links === undefined ? node : JSON.stringify(links);
}
