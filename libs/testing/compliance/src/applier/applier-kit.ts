import { isCaissonError } from '@caisson/contracts';
import type { Case, Kit } from '../case.js';
import { check, checkEqual, checkThrows } from '../check.js';
import { rowsOf } from '../store/rows.js';
import { type ApplierHarness, MALFORMED, REFUSAL } from './applier-harness.js';
import { entryOf, openGroup, play } from './play.js';

const ALL = Number.POSITIVE_INFINITY;

const cases: readonly Case<ApplierHarness>[] = [
  {
    id: 'applier/owns-valid-opcodes',
    because: 'the engine finds the applier of an entry by its first byte, and two owners stop the start',
    async run(harness) {
      const { opcodes, id } = await harness.applier();
      check(/^[a-z0-9-]{1,64}$/.test(id), 'the id is kebab-case');
      check(opcodes.length > 0, 'the applier owns an opcode');
      const owned = new Set<number>();
      for (const { first, last } of opcodes) {
        check(Number.isInteger(first) && Number.isInteger(last), 'opcodes are whole numbers');
        check(first >= 0 && first <= last && last <= 0xff, 'a range of opcodes lies within one byte');
        for (let opcode = first; opcode <= last; opcode++) {
          check(!owned.has(opcode), `opcode ${opcode} is owned once`);
          owned.add(opcode);
        }
      }
      for (const { payload } of harness.script)
        check(owned.has(payload[0]!), 'the script keeps to the applier’s opcodes');
    },
  },
  {
    id: 'applier/does-what-its-script-says',
    because: 'the rest of the kit would be content with an applier that does nothing',
    async run(harness) {
      const { outcomes } = await play(harness);
      const kinds = outcomes.map((outcome) => (outcome as { readonly kind: string }).kind);
      checkEqual(
        kinds,
        harness.script.map(({ expect }) => expect),
        'outcomes of the script',
      );
    },
  },
  {
    id: 'applier/decides-alike-on-every-replica',
    because: 'replicas that differ have lost each other’s data',
    async run(harness) {
      const first = await play(harness);
      for (let replica = 0; replica < 2; replica++) checkEqual(await play(harness), first, 'another replica');
    },
  },
  {
    id: 'applier/does-not-mind-how-entries-are-batched',
    because: 'each node draws its batches as its disk allows, and replay draws them anew',
    async run(harness) {
      const alone = await play(harness);
      for (const perBatch of [2, 3, ALL]) {
        checkEqual(await play(harness, { perBatch }), alone, `entries in batches of ${perBatch}`);
      }
    },
  },
  {
    id: 'applier/goes-on-after-a-restart',
    because: 'what an applier remembers beyond the store is gone with its process',
    async run(harness) {
      const whole = await play(harness);
      for (const reopenEvery of [1, 2]) {
        checkEqual(await play(harness, { reopenEvery }), whole, 'a replica that restarts between batches');
      }
    },
  },
  {
    id: 'applier/replays-what-was-not-written',
    because: 'a crash between apply and write repeats the entries, as if for the first time',
    async run(harness) {
      const whole = await play(harness);
      for (const perBatch of [1, ALL]) {
        checkEqual(
          await play(harness, { losesFirst: true, perBatch }),
          whole,
          'a replica that lost each batch once',
        );
      }
    },
  },
  {
    id: 'applier/writes-through-the-batch-alone',
    because: 'effects and applied index must reach the store together, or not at all',
    async run(harness) {
      let before = await rowsOf(await harness.store());
      await play(harness, {
        onApplied: async ({ store }) =>
          checkEqual(await rowsOf(store), before, 'the store before its batch is written'),
        onWritten: async (store) => void (before = await rowsOf(store)),
      });
    },
  },
  {
    id: 'applier/adds-nothing-for-a-refused-entry',
    because: 'the proposer was told that nothing happened',
    needs: REFUSAL,
    async run(harness) {
      await play(harness, {
        onApplied: ({ outcome, added }) => {
          if (outcome.kind === 'refused') checkEqual(added, 0, 'operations of a refused entry');
        },
      });
    },
  },
  {
    id: 'applier/throws-at-what-it-cannot-decode',
    because: 'a replica that skips what another one applies has diverged; halting is the safe answer',
    needs: MALFORMED,
    async run(harness) {
      for (const [at, payload] of harness.malformed.entries()) {
        const [applier, store] = [await harness.applier(), await harness.store()];
        const group = await openGroup(applier, store);
        const apply = async () => group.apply(entryOf(payload, 1), store.batch());
        const error = await checkThrows(apply, `applying malformed payload ${at}`);
        check(isCaissonError(error), `malformed payload ${at} is an operating error`);
      }
    },
  },
];

/** What every applier promises. */
export const applierKit: Kit<ApplierHarness> = { id: 'applier', contract: 'Applier', cases };
