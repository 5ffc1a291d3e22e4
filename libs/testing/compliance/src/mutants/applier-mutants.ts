import { toUtf8 } from '@caisson/base';
import {
  type Applier,
  type ApplyOutcome,
  CaissonError,
  type GroupApplier,
  type Store,
} from '@caisson/contracts';
import type { ApplierHarness } from '../applier/applier-harness.js';
import { PlainStores } from '../doubles/plain-stores.js';
import { plaintextSide } from '../doubles/plaintext-side.js';
import { CounterApplier, encodeCount } from '../toys/counter-applier.js';
import { type Mutant, override } from './mutant.js';

type ApplierMutant = Mutant<ApplierHarness>;

export function counterHarness(): ApplierHarness {
  return {
    applier: () => new CounterApplier(),
    store: async () => plaintextSide(await new PlainStores().open('/counters')),
    script: [
      { payload: encodeCount('a', 5), expect: 'applied' },
      { payload: encodeCount('a', -3), expect: 'applied' },
      { payload: encodeCount('a', -3), expect: 'refused' },
      { payload: encodeCount('b', 1), expect: 'applied' },
      { payload: encodeCount('a', 4, { alone: true }), expect: 'applied' },
      { payload: encodeCount('b', 1), expect: 'applied' },
    ],
    malformed: [
      Uint8Array.of(0xf0),
      encodeCount('a', 1).subarray(0, -1),
      Uint8Array.of(...encodeCount('a', 1), 0),
    ],
  };
}

function planted(
  name: string,
  breaks: readonly string[],
  plant: (applier: Applier, number: number) => Partial<Applier>,
): ApplierMutant {
  const harness = (): ApplierHarness => {
    const sound = counterHarness();
    let number = 0;
    const applier = async () => {
      const inner = await sound.applier();
      return override(inner, plant(inner, number++));
    };
    return { ...sound, applier };
  };
  return { name, breaks: breaks.map((id) => `applier/${id}`), harness };
}

/** Each opened group passes through `plant`. */
function grouped(
  name: string,
  breaks: readonly string[],
  plant: (group: GroupApplier, store: Store) => Partial<GroupApplier>,
): ApplierMutant {
  return planted(name, breaks, (applier) => ({
    open: async (at) => {
      const group = await applier.open(at);
      return override(group, plant(group, at.store));
    },
  }));
}

const REFUSED: ApplyOutcome = { kind: 'refused', error: new CaissonError('INVALID_ARGUMENT') };

export const applierMutants: readonly ApplierMutant[] = [
  planted('OwnsAnOpcodeTwice', ['owns-valid-opcodes'], ({ opcodes }) => ({
    opcodes: [...opcodes, opcodes[0]!],
  })),
  grouped('RefusesEverything', ['does-what-its-script-says'], () => ({ apply: () => REFUSED })),
  planted('CountsItself', ['decides-alike-on-every-replica'], (applier, number) => ({
    open: async (at) => {
      const group = await applier.open(at);
      const result = Uint8Array.of(number);
      return override(group, {
        apply: async (...args) => ({ ...(await group.apply(...args)), result }) as ApplyOutcome,
      });
    },
  })),
  grouped('ForgetsWhatIsNotWritten', ['does-not-mind-how-entries-are-batched'], (group) => ({
    apply: async (...args) => {
      const outcome = await group.apply(...args);
      group.written();
      return outcome;
    },
  })),
  grouped('CountsInMemory', ['goes-on-after-a-restart'], (group) => {
    let applied = 0;
    return {
      apply: async (...args) => {
        const outcome = await group.apply(...args);
        return outcome.kind === 'applied' ? { ...outcome, result: Uint8Array.of(applied++) } : outcome;
      },
    };
  }),
  planted('RemembersAcrossOpens', ['replays-what-was-not-written'], (applier) => {
    const seen = new Set<string>();
    return {
      open: async (at) => {
        const group = await applier.open(at);
        const apply: GroupApplier['apply'] = (entry, batch) => {
          if (seen.has(String(entry.proposalId))) return REFUSED;
          seen.add(String(entry.proposalId));
          return group.apply(entry, batch);
        };
        return override(group, { apply });
      },
    };
  }),
  grouped('WritesAroundTheBatch', ['writes-through-the-batch-alone'], (group, store) => ({
    apply: async (...args) => {
      await store.batch().put(toUtf8('beside'), new Uint8Array(1)).write({ sync: true });
      return group.apply(...args);
    },
  })),
  grouped('WritesWhatItRefuses', ['adds-nothing-for-a-refused-entry'], (group) => ({
    apply: async (entry, batch) => {
      const outcome = await group.apply(entry, batch);
      if (outcome.kind === 'refused') batch.put(toUtf8('trace'), new Uint8Array(1));
      return outcome;
    },
  })),
  grouped('SwallowsMalformedEntries', ['throws-at-what-it-cannot-decode'], (group) => ({
    apply: async (...args) => {
      try {
        return await group.apply(...args);
      } catch {
        return REFUSED;
      }
    },
  })),
];
