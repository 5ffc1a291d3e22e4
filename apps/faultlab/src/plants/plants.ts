import { invariant } from '@caisson/base';
import { override } from '@caisson/compliance';
import {
  Applier,
  EncryptionLayer,
  type RaftLog,
  type RaftLogs,
  type Random,
  type ReplicatedGroup,
  ReplicationEngine,
} from '@caisson/contracts';
import { encodeClearProposal } from '@caisson/formats';
import { LABORATORY_PLANTS } from './laboratory.js';
import { loadedPlant } from './loading.js';
import { PATCHES } from './patches.js';
import type { SimulatedDisk } from '@caisson/simulator';
import type { Profile } from '../faults/plan.js';
import type { Finding, RuleId } from '../oracles/rules.js';
import { DISK_PLANTS } from './disks.js';
import { WORLDLY_PLANTS } from './worldly.js';

/** A fault put into every node, to see whether a storm brings it to light. */
export interface Plants {
  /** Around what services make, by token. */
  readonly around?: (token: string, instance: unknown) => unknown;
  readonly logs?: (logs: RaftLogs) => RaftLogs;
  /** For each process anew. */
  readonly random?: (random: Random) => Random;
  /** What a process sees of its disk. */
  readonly disk?: (disk: SimulatedDisk) => SimulatedDisk;
  /** Clients repeat a write as another one. */
  readonly hasForgetfulClients?: boolean;
}

function aroundGroup(plant: (group: ReplicatedGroup) => Partial<ReplicatedGroup>): Plants['around'] {
  return (token, instance) => {
    if (token !== ReplicationEngine.name) return instance;
    const engine = instance as ReplicationEngine;
    const group = (id: number) => override(engine.group(id), plant(engine.group(id)));
    return override(engine, { group });
  };
}

function aroundLog(plant: (log: RaftLog) => Promise<RaftLog> | RaftLog): Plants['logs'] {
  return (logs) => override(logs, { open: async (...args) => plant(await logs.open(...args)) });
}

/** A read that trusts whatever this node has applied. */
const readsThePast = aroundGroup((group) => ({ readBarrier: () => group.readBarrier('stale') }));

/** A log whose last entries are gone when it is opened again, whatever was promised of them. */
const losesItsTail = aroundLog(async (log) => {
  const { last, start } = log;
  const from = Math.max(start.index + 1, last - 2);
  if (from > last) return log;
  await log.append({ entries: await log.read(from, from, 0) });
  return log;
});

/** A leader that forgets to seal what it appends. */
function sealsNothing(token: string, instance: unknown): unknown {
  if (token !== EncryptionLayer.name) return instance;
  const layer = instance as EncryptionLayer;
  const openGroup: EncryptionLayer['openGroup'] = async (...args) => {
    const group = await layer.openGroup(...args);
    return override(group, {
      sealProposal: ({ proposalId }, payload) => encodeClearProposal(proposalId, payload),
    });
  };
  return override(layer, { openGroup });
}

/** An applier that drops the effects of an entry now and then, on one node and not on another. */
function skipsEffects(): Plants['around'] {
  let applied = 0;
  return (token, instance) => {
    const applier = instance as Applier;
    if (token !== Applier.name || !applier.id.includes('kv')) return instance;
    const open: Applier['open'] = async (at) => {
      const group = await applier.open(at);
      const drained = at.store.batch();
      return override(group, {
        apply: (entry, batch) => group.apply(entry, ++applied % 40 === 0 ? drained : batch),
      });
    };
    return override(applier, { open });
  };
}

/** A bug to plant, as reports name it. */
export interface Plant {
  readonly about: string;
  /** The rules that it may be seen to break. */
  readonly breaks: readonly RuleId[];
  readonly make: () => Plants;
  /** The storm that brings it out, by the name of a scenario; seeds of `storms` where there is none. */
  readonly scenario?: string | undefined;
  /** `usual` ones where nothing is said. */
  readonly storms?: Profile | undefined;
  /** Where storms are not what brings it to light: what is. */
  readonly hunt?: (plants: Plants) => Promise<readonly Finding[]>;
}

const BUILT: Readonly<Record<string, Plant>> = {
  ...DISK_PLANTS,
  ...WORLDLY_PLANTS,
  ...LABORATORY_PLANTS,
  'reads-the-past': {
    about: 'a linearizable read trusts whatever its node has applied',
    breaks: ['T1', 'T11'],
    make: () => ({ around: readsThePast }),
  },
  'loses-its-tail': {
    about: 'a log forgets its last entries when it is opened, whatever was promised of them',
    breaks: ['R8', 'R3', 'R4', 'T1', 'T10', 'L1', 'L5'],
    make: () => ({ logs: losesItsTail }),
  },
  'seals-nothing': {
    about: 'a leader forgets to seal what it appends',
    breaks: ['E5', 'E11', 'L1', 'L5'],
    make: () => ({ around: sealsNothing }),
  },
  'skips-effects': {
    about: 'an applier drops the effects of an entry now and then, on one node and not on another',
    breaks: ['R5', 'T11', 'T1', 'T10'],
    make: () => ({ around: skipsEffects() }),
  },
  'forgets-request-ids': {
    about: 'clients repeat a write under another request id',
    breaks: ['T1', 'T11', 'R7'],
    make: () => ({ hasForgetfulClients: true }),
  },
};

/** Those whose sources were changed before they were loaded have nothing left to do. */
const PATCHED = Object.fromEntries(
  Object.entries(PATCHES).map(([name, { about, breaks, scenario, storms }]): [string, Plant] => {
    const make = (): Plants => {
      const isThere = loadedPlant() === name;
      invariant('LAB-3', isThere, 'a bug planted into sources is there before they are loaded');
      return {};
    };
    return [name, { about, breaks, make, scenario, storms }];
  }),
);

export const PLANTS: Readonly<Record<string, Plant>> = { ...BUILT, ...PATCHED };

export function plantNamed(name: string): Plants {
  const plant = PLANTS[name];
  invariant('LAB-1', plant !== undefined, 'a planted bug is asked for by a name that is known');
  return plant.make();
}
