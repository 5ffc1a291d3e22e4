import type { Case } from '../case.js';
import { check, checkEqual, checkFails } from '../check.js';
import { encodeCount, readCount } from '../toys/counter-applier.js';
import { addTo, CRASH, type EngineHarness, groupOf } from './engine-harness.js';

/** Restarts, crashes, and the halt that neither skips nor repeats. */
export const lastingCases: readonly Case<EngineHarness>[] = [
  {
    id: 'engine/keeps-what-it-acknowledged-across-a-restart',
    because: 'stopping a node is not a way to lose data',
    async run(harness) {
      await addTo(harness, 'a', 3);
      await addTo(harness, 'b', 4);
      await harness.restart();
      const { store } = groupOf(harness);
      checkEqual(
        [await readCount(store, 'a'), await readCount(store, 'b')],
        [3, 4],
        'counters after the restart',
      );
      checkEqual((await addTo(harness, 'a', 1)).count, 4, 'the counter after another proposal');
    },
  },
  {
    id: 'engine/applies-each-entry-once',
    because: 'a replay that repeats what the store already holds counts twice',
    async run(harness) {
      for (let turn = 0; turn < 5; turn++) await addTo(harness, 'a', 10);
      const { applied } = groupOf(harness).status();
      const again: number[] = [];
      harness.counters.onApply = ({ index }) => void again.push(index);
      await harness.restart();
      harness.counters.onApply = undefined;
      checkEqual(await readCount(groupOf(harness).store, 'a'), 50, 'the counter after a restart');
      checkEqual(
        again.filter((index) => index <= applied),
        [],
        'entries applied again',
      );
    },
  },
  {
    id: 'engine/keeps-what-it-acknowledged-through-a-crash',
    because: 'acknowledged means durable, whatever happens next',
    needs: CRASH,
    async run(harness) {
      for (let turn = 0; turn < 3; turn++) {
        await addTo(harness, 'a', 10);
        await addTo(harness, 'b', 1);
        await harness.crash!();
      }
      const { store } = groupOf(harness);
      checkEqual(
        [await readCount(store, 'a'), await readCount(store, 'b')],
        [30, 3],
        'counters after the crashes',
      );
    },
  },
  {
    id: 'engine/halts-without-advancing',
    because: 'an entry that one replica skips is a difference nobody finds again',
    async run(harness) {
      const group = groupOf(harness);
      const { position } = await addTo(harness, 'a', 1);
      harness.counters.failsOn = 'broken';
      const names = ['broken', 'a', 'b'];
      const proposals = names.map((name) => group.propose(encodeCount(name, 1), { source: 'user' }));
      const failures = proposals.map((proposal) =>
        checkFails(() => proposal, 'APPLY_HALTED', 'a proposal at a halt'),
      );
      await Promise.all(failures);
      checkEqual(group.status().applied, position, 'the applied position');
      check(group.status().halted !== undefined, 'the status says why the group halted');
      const late = () => group.propose(encodeCount('a', 1), { source: 'user' });
      await checkFails(late, ['APPLY_HALTED', 'DRAINING'], 'a proposal after the halt');
    },
  },
  {
    id: 'engine/reports-a-halt-as-fatal',
    because: 'a node that can no longer apply must end, not answer from the past',
    async run(harness) {
      harness.counters.failsOn = 'broken';
      await checkFails(
        () => addTo(harness, 'broken', 1),
        'APPLY_HALTED',
        'the proposal that halts the group',
      );
      checkEqual(harness.faults.length, 1, 'fatal faults');
      const [fault] = harness.faults;
      check(String(fault?.details['group']) === String(harness.group), 'the fault names its group');
    },
  },
  {
    id: 'engine/repeats-the-entry-it-halted-at',
    because: 'once the cause is removed the history goes on where it stopped, with nothing lost',
    async run(harness) {
      const { counters } = harness;
      await addTo(harness, 'a', 1);
      counters.failsOn = 'broken';
      await checkFails(
        () => addTo(harness, 'broken', 7),
        'APPLY_HALTED',
        'the proposal that halts the group',
      );
      counters.failsOn = undefined;
      await harness.restart();
      const { store } = groupOf(harness);
      await groupOf(harness).readBarrier('linearizable');
      checkEqual(await readCount(store, 'broken'), 7, 'the counter of the repeated entry');
      checkEqual((await addTo(harness, 'a', 1)).count, 2, 'a proposal after the repair');
    },
  },
];
