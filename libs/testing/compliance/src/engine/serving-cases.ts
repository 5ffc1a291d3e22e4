import { toUtf8 } from '@caisson/base';
import type { MaintenanceSlice } from '@caisson/contracts';
import type { Case } from '../case.js';
import { check, checkEqual } from '../check.js';
import { encodeCount, readCount } from '../toys/counter-applier.js';
import { addTo, type EngineHarness, groupOf } from './engine-harness.js';

const TURNS = 20;

/** Reading, and the work done between applies. */
export const servingCases: readonly Case<EngineHarness>[] = [
  {
    id: 'engine/shows-a-reader-what-was-acknowledged',
    because: 'a linearizable read sees every write answered before it began',
    async run(harness) {
      const group = groupOf(harness);
      for (let turn = 1; turn <= 5; turn++) {
        const { position } = await addTo(harness, 'a', 1);
        const point = await group.readBarrier('linearizable');
        check(point.position >= position, 'the barrier has reached an acknowledged write');
        checkEqual(point.staleMs, 0, 'the age of a linearizable read');
        checkEqual(await readCount(group.store, 'a'), turn, 'the counter behind the barrier');
      }
      const stale = await group.readBarrier('stale');
      check(stale.position >= 0 && stale.staleMs >= 0, 'a stale read says how old it is');
    },
  },
  {
    id: 'engine/runs-maintenance-to-its-end',
    because: 'compaction is a loop of bounded slices, each written before the next',
    async run(harness) {
      const group = groupOf(harness);
      let slices = 0;
      await group.maintain(async (batch) => {
        const before = await group.store.get(maintained(slices - 1));
        check(slices === 0 || before !== undefined, 'a slice sees what the one before it wrote');
        batch.put(maintained(slices), toUtf8('done'));
        return { more: ++slices < 4 };
      });
      checkEqual(slices, 4, 'slices');
      checkEqual(await group.store.get(maintained(3)), toUtf8('done'), 'what the last slice wrote');
    },
  },
  {
    id: 'engine/keeps-maintenance-and-applies-apart',
    because: 'a slice that reads, thinks and writes must not overwrite what an entry wrote meanwhile',
    async run(harness) {
      const group = groupOf(harness);
      let isSliceRunning = false;
      let met = 0;
      harness.counters.onApply = () => {
        if (isSliceRunning) met++;
      };
      let slices = 0;
      const slice: MaintenanceSlice = async () => {
        isSliceRunning = true;
        for (let turn = 0; turn < TURNS; turn++) await group.store.get(maintained(turn));
        isSliceRunning = false;
        return { more: ++slices < 5 };
      };
      const proposing = Array.from({ length: 20 }, () =>
        group.propose(encodeCount('a', 1), { source: 'user' }),
      );
      await Promise.all([group.maintain(slice), ...proposing]);
      checkEqual(met, 0, 'entries applied while a slice ran');
      checkEqual(await readCount(group.store, 'a'), 20, 'the counter');
    },
  },
  {
    id: 'engine/stops-maintenance-for-its-signal',
    because: 'a drain does not wait for a compaction of hours',
    async run(harness) {
      const stop = new AbortController();
      let slices = 0;
      const slice: MaintenanceSlice = async () => {
        if (++slices === 3) stop.abort();
        return { more: slices < 50 };
      };
      await groupOf(harness).maintain(slice, stop.signal);
      checkEqual(slices, 3, 'slices run before and at the abort');
      await addTo(harness, 'a', 1);
    },
  },
  {
    id: 'engine/tells-where-it-stands',
    because: 'operators and drains decide by the positions of a group',
    async run(harness) {
      const group = groupOf(harness);
      const { position } = await addTo(harness, 'a', 1);
      const status = group.status();
      checkEqual(status.id, harness.group, 'the group of the status');
      check(
        status.applied >= position && status.durable >= status.applied,
        'applied and durable cover an answered write',
      );
      check(status.leads, 'a group that takes proposals leads');
      check(status.members.length >= 1, 'the group has a member');
      checkEqual(status.halted, undefined, 'the reason of a halt that did not happen');
    },
  },
];

/** A row of the toy's own, in a table that passes unsealed. */
function maintained(number: number): Uint8Array {
  return Uint8Array.of(0x01, ...toUtf8(`!toy-maintained|${number}`));
}
