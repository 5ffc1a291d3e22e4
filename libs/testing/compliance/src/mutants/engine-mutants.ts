import {
  type Applier,
  type ApplyOutcome,
  CaissonError,
  type GroupApplier,
  type RaftLogs,
  type ReplicatedGroup,
  type ReplicationEngine,
  type UntrustedStores,
} from '@caisson/contracts';
import { ClearEncryption } from '../doubles/clear-encryption.js';
import { MemoryLogs } from '../doubles/memory-logs.js';
import { PlainStores } from '../doubles/plain-stores.js';
import { ReferenceEngine } from '../doubles/reference-engine.js';
import type { EngineHarness } from '../engine/engine-harness.js';
import { CounterApplier } from '../toys/counter-applier.js';
import { type Mutant, override } from './mutant.js';

type EngineMutant = Mutant<EngineHarness>;

/** What the reference is built from, so that a mutant can break one part. */
interface Plants {
  readonly engine?: (engine: ReplicationEngine) => Partial<ReplicationEngine>;
  readonly group?: (group: ReplicatedGroup) => Partial<ReplicatedGroup>;
  readonly applier?: (group: GroupApplier) => Partial<GroupApplier>;
  readonly stores?: (stores: UntrustedStores) => UntrustedStores;
  readonly harness?: (harness: EngineHarness) => Partial<EngineHarness>;
}

const GROUP = 3;

export async function referenceEngineHarness(plants: Plants = {}): Promise<EngineHarness> {
  const [logs, disks, counters] = [new MemoryLogs(), new PlainStores(), new CounterApplier()];
  const stores = plants.stores?.(disks) ?? disks;
  const faults: CaissonError[] = [];
  let encryption = new ClearEncryption(stores);
  let running = await started(logs, encryption);
  let engine = planted(running, plants);

  async function started(over: RaftLogs, door: ClearEncryption): Promise<ReferenceEngine> {
    const appliers = [plantedApplier(counters, plants)];
    const onFatal = (error: CaissonError) => void faults.push(error);
    const fresh = new ReferenceEngine({
      logs: over,
      encryption: door,
      appliers,
      groups: [GROUP, 1],
      onFatal,
    });
    await fresh.start();
    return fresh;
  }

  async function start(): Promise<void> {
    encryption = new ClearEncryption(stores);
    running = await started(logs, encryption);
    engine = planted(running, plants);
  }

  const harness: EngineHarness = {
    get engine() {
      return engine;
    },
    group: GROUP,
    counters,
    faults,
    restart: () => running.stop().then(start),
    crash: async () => {
      logs.crash();
      disks.crash();
      await start();
    },
    admit: (source, refusal) => encryption.admit(source, refusal),
  };
  return override(harness, plants.harness?.(harness) ?? {});
}

function planted(engine: ReferenceEngine, plants: Plants): ReplicationEngine {
  const groups = new Map<number, ReplicatedGroup>();
  const group = (id: number) => {
    const sound = engine.group(id);
    const broken = groups.get(id) ?? override<ReplicatedGroup>(sound, plants.group?.(sound) ?? {});
    groups.set(id, broken);
    return broken;
  };
  return override<ReplicationEngine>(engine, { group, ...plants.engine?.(engine) });
}

function plantedApplier(applier: Applier, { applier: plant }: Plants): Applier {
  if (plant === undefined) return applier;
  return override(applier, {
    open: async (at) => {
      const group = await applier.open(at);
      return override(group, plant(group));
    },
  });
}

function mutant(name: string, breaks: readonly string[], plants: Plants): EngineMutant {
  return { name, breaks: breaks.map((id) => `engine/${id}`), harness: () => referenceEngineHarness(plants) };
}

const NOTHING = new Uint8Array(4);

const proposingMutants: readonly EngineMutant[] = [
  mutant('InventsGroups', ['knows-its-groups'], {
    engine: (engine) => ({ group: () => engine.group(GROUP) }),
  }),
  mutant('ForgetsResults', ['answers-with-what-applying-came-to'], {
    group: (group) => ({
      propose: async (...args) => ({
        ...(await group.propose(...args)),
        outcome: { kind: 'applied', result: NOTHING },
      }),
    }),
  }),
  mutant('AnswersTooEarly', ['answers-after-applying'], {
    group: (group) => {
      let before = 0;
      return {
        propose: async (...args) => {
          before = group.status().applied;
          return group.propose(...args);
        },
        status: () => ({ ...group.status(), applied: before }),
      };
    },
  }),
  mutant('ShufflesProposals', ['keeps-the-order-of-the-calls'], {
    group: (group) => {
      let calls = 0;
      return {
        propose: async (...args) => {
          if (calls++ % 2 === 0) await Promise.resolve();
          return group.propose(...args);
        },
      };
    },
  }),
  mutant('SwallowsRefusals', ['tells-the-proposer-of-a-refusal'], {
    group: (group) => ({
      propose: async (...args) => {
        const proposed = await group.propose(...args);
        const outcome: ApplyOutcome = { kind: 'applied', result: NOTHING };
        return proposed.outcome.kind === 'refused' ? { ...proposed, outcome } : proposed;
      },
    }),
  }),
  mutant('SharesEveryBatch', ['applies-lonely-entries-alone'], {
    applier: (group) => ({
      apply: (entry, batch) => group.apply(entry, batch.put(Uint8Array.of(0x01, 0x78), NOTHING)),
    }),
  }),
  mutant('AdmitsEverybody', ['lets-admission-refuse'], { harness: () => ({ admit: () => undefined }) }),
  mutant('IgnoresSignals', ['gives-up-for-a-signal'], {
    group: (group) => ({ propose: (payload, { source }) => group.propose(payload, { source }) }),
  }),
  mutant('PretendsPowers', ['says-what-it-cannot-do'], {
    engine: () => ({ changeMembership: async () => undefined }),
  }),
];

const servingMutants: readonly EngineMutant[] = [
  mutant('ReadsThePast', ['shows-a-reader-what-was-acknowledged'], {
    group: () => ({ readBarrier: async () => ({ position: 0, staleMs: 0 }) }),
  }),
  mutant('MaintainsOnce', ['runs-maintenance-to-its-end'], {
    group: (group) => ({
      maintain: (slice) => group.maintain(async (batch) => ({ ...(await slice(batch)), more: false })),
    }),
  }),
  mutant('MaintainsBesideApplies', ['keeps-maintenance-and-applies-apart'], {
    group: (group) => ({
      maintain: async (slice) => {
        const batch = (await new PlainStores().open('/aside')).batch();
        for (let more = true; more; ) ({ more } = await slice(batch));
        await group.readBarrier('stale');
      },
    }),
  }),
  mutant('MaintainsOn', ['stops-maintenance-for-its-signal'], {
    group: (group) => ({ maintain: (slice) => group.maintain(slice) }),
  }),
  mutant('LagsInItsStatus', ['tells-where-it-stands'], {
    group: (group) => ({ status: () => ({ ...group.status(), applied: 0, durable: 0 }) }),
  }),
];

const lastingMutants: readonly EngineMutant[] = [
  mutant(
    'ForgetsOnRestart',
    ['keeps-what-it-acknowledged-across-a-restart', 'keeps-what-it-acknowledged-through-a-crash'],
    {
      harness: (sound) => {
        let fresh = sound;
        const restart = async () => void (fresh = await referenceEngineHarness());
        return {
          restart,
          crash: restart,
          get engine() {
            return fresh.engine;
          },
        };
      },
    },
  ),
  mutant('ForgetsWhatItApplied', ['applies-each-entry-once'], { stores: withoutAppliedRow }),
  mutant('SkipsWhatFails', ['halts-without-advancing'], {
    applier: (group) => ({
      apply: async (...args) => {
        try {
          return await group.apply(...args);
        } catch {
          return { kind: 'refused', error: new CaissonError('APPLY_HALTED') };
        }
      },
    }),
  }),
  mutant('HaltsInSilence', ['reports-a-halt-as-fatal'], { harness: () => ({ faults: [] }) }),
  mutant('DropsWhatFailed', ['repeats-the-entry-it-halted-at'], dropping()),
];

export const engineMutants: readonly EngineMutant[] = [
  ...proposingMutants,
  ...servingMutants,
  ...lastingMutants,
];

/** Loses the row that says how far entries are applied: a restart repeats them all. */
function withoutAppliedRow(stores: UntrustedStores): UntrustedStores {
  return override(stores, {
    open: async (directory) => {
      const store = await stores.open(directory);
      const isApplied = (key: Uint8Array) => String.fromCharCode(...key).includes('!applied');
      return override(store, { get: async (key) => (isApplied(key) ? undefined : store.get(key)) });
    },
  });
}

/** Takes an entry that failed once for done when it comes again. */
function dropping(): Plants {
  const failed = new Set<number>();
  return {
    applier: (group) => ({
      apply: async (entry, batch) => {
        if (failed.has(entry.index)) return { kind: 'applied', result: NOTHING };
        try {
          return await group.apply(entry, batch);
        } catch (error) {
          failed.add(entry.index);
          throw error;
        }
      },
    }),
  };
}
