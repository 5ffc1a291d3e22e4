import { setTimeout as sleep } from 'node:timers/promises';
import type { Capability, Need } from './capabilities.js';
import { onDisks } from './disks.js';
import { onMemory } from './memory.js';
import { onKeys, onMembers } from './orders.js';
import type { Action } from './schedule.js';
import { onBackups } from './second-cluster.js';
import type { Member, Stage } from './stage.js';
import { onStarts } from './starts.js';

/** What a machine lets a run do to real processes, by the ids of the catalogue of faults. */
export interface Deed {
  readonly about: string;
  readonly needs: Need;
  /** Only the member that runs apart can be its target. */
  readonly isOfOne?: boolean;
  run(stage: Stage, member: Member, action: Action): Promise<void>;
}

const STUTTER_STOP_MS = 90;
const STUTTER_GO_MS = 45;
const CLOCK_STEP_MS_MAX = 20_000;

export const DEEDS: Readonly<Record<string, Deed>> = {
  N1: wire('what peers send to a node is late', ({ proxy }, { strength }) =>
    proxy.become({ kind: 'slow', delayMs: 10 + strength * 300 }),
  ),
  N6: wire('bytes change on the way to a node', ({ proxy }, { number, strength }) =>
    proxy.become({ kind: 'flipping', everyBytes: 2_000 + strength * 200_000, seed: number }),
  ),
  N8: wire('a node is heard and hears nothing new', ({ proxy }) => proxy.become({ kind: 'cut' })),
  N11: wire('the wire to a node is narrow', ({ proxy }, { strength }) =>
    proxy.become({ kind: 'narrow', bytesPerSecond: 20_000 + strength * 400_000 }),
  ),
  N12: wire('connections to a node stay up and nothing comes through', ({ proxy }) =>
    proxy.become({ kind: 'silent' }),
  ),
  N13: wire('connections to a node break', ({ proxy }) => proxy.reset()),
  N7: { about: 'a node is cut off in both directions', needs: 'namespaces', isOfOne: true, run: isolate },
  P1: { about: 'a node is killed and comes back', needs: 'signals', run: killOne },
  P2: { about: 'a node hangs', needs: 'signals', run: pause },
  P3: { about: 'a node gets a third of its processor', needs: 'signals', run: stutter },
  P4: { about: 'the power fails for all', needs: 'signals', run: killAll },
  C3: clock('the wall clock of a node is ahead, and steps back', 1),
  C4: clock('the wall clock of a node is behind, and steps forward', -1),
  ...onStarts,
  ...onDisks,
  ...onMemory,
  ...onMembers,
  ...onKeys,
  ...onBackups,
};

/** Kinds that can be had here, and why the others cannot. */
export function availableDeeds(capabilities: readonly Capability[]): {
  readonly kinds: readonly string[];
  readonly left: readonly { readonly kind: string; readonly why: string }[];
} {
  const missing = new Map(
    capabilities.flatMap(({ missing, need }) => (missing ? [[need, missing] as const] : [])),
  );
  const all = Object.entries(DEEDS);
  return {
    kinds: all.filter(([, { needs }]) => !missing.has(needs)).map(([kind]) => kind),
    left: all.flatMap(([kind, { needs }]) => {
      const why = missing.get(needs);
      return why === undefined ? [] : [{ kind, why }];
    }),
  };
}

function wire(about: string, spoil: (member: Member, action: Action) => void): Deed {
  return {
    about,
    needs: 'loopback',
    run: async (_stage, member, action) => {
      spoil(member, action);
      await sleep(action.forMs);
      member.proxy.heal();
    },
  };
}

function clock(about: string, sign: 1 | -1): Deed {
  return {
    about,
    needs: 'shifted-clock',
    run: async (stage, member, { forMs, strength }) => {
      await stage.shiftClock(member, sign * strength * CLOCK_STEP_MS_MAX);
      await sleep(forMs);
      await stage.shiftClock(member, 0);
    },
  };
}

async function isolate(stage: Stage, _member: Member, { forMs }: Action): Promise<void> {
  const { wire: between } = stage.apart!;
  await between.cut();
  await sleep(forMs);
  await between.heal();
}

async function killOne(_stage: Stage, { node }: Member, { forMs }: Action): Promise<void> {
  await node.end('SIGKILL');
  await sleep(forMs);
  await node.start();
}

async function killAll({ members }: Stage, _member: Member, { forMs }: Action): Promise<void> {
  await Promise.all(members.map(({ node }) => node.end('SIGKILL')));
  await sleep(forMs / 2);
  await Promise.all(members.map(({ node }) => node.start()));
}

async function pause(_stage: Stage, { node }: Member, { forMs }: Action): Promise<void> {
  node.process.freeze();
  await sleep(forMs);
  node.process.thaw();
}

async function stutter(_stage: Stage, { node }: Member, { forMs }: Action): Promise<void> {
  const untilMs = performance.now() + forMs;
  while (performance.now() < untilMs) {
    node.process.freeze();
    await sleep(STUTTER_STOP_MS);
    node.process.thaw();
    await sleep(STUTTER_GO_MS);
  }
}
