import { CaissonError } from '@caisson/contracts';
import type { Case } from '../case.js';
import { check, checkEqual, checkFails } from '../check.js';
import { decodeCountResult, encodeCount, readCount } from '../toys/counter-applier.js';
import { addTo, ADMISSION, type EngineHarness, FEW_POWERS, groupOf } from './engine-harness.js';

/** Proposals, their order and their answers. */
export const proposingCases: readonly Case<EngineHarness>[] = [
  {
    id: 'engine/knows-its-groups',
    because: 'a request for a group that is elsewhere must be sent there, not served',
    async run(harness) {
      const { engine, group } = harness;
      check(engine.groups.includes(group), 'the group is listed');
      checkEqual(
        engine.groups,
        [...engine.groups].sort((a, b) => a - b),
        'groups, ascending',
      );
      checkEqual(engine.group(group).id, group, 'the id of the group');
      const absent = Math.max(...engine.groups) + 1;
      await checkFails(() => engine.group(absent), 'INVALID_ARGUMENT', 'a group that is not here');
    },
  },
  {
    id: 'engine/answers-with-what-applying-came-to',
    because: 'the result of a write is known where it is applied, and nowhere else',
    async run(harness) {
      checkEqual((await addTo(harness, 'a', 5)).count, 5, 'the first result');
      checkEqual((await addTo(harness, 'a', 2)).count, 7, 'the second result');
    },
  },
  {
    id: 'engine/answers-after-applying',
    because: 'a client reads what it was told is written',
    async run(harness) {
      const group = groupOf(harness);
      for (let turn = 1; turn <= 5; turn++) {
        const { position } = await addTo(harness, 'a', 1);
        checkEqual(await readCount(group.store, 'a'), turn, 'the counter in the store');
        check(group.status().applied >= position, 'the applied position has reached an answered proposal');
      }
    },
  },
  {
    id: 'engine/keeps-the-order-of-the-calls',
    because: 'timestamps are drawn just before a proposal, and must not overtake each other',
    async run(harness) {
      const group = groupOf(harness);
      const turns = Array.from({ length: 40 }, (_, turn) => turn);
      const proposals = turns.map((turn) => group.propose(encodeCount('a', turn + 1), { source: 'user' }));
      const answers = await Promise.all(proposals);
      const positions = answers.map(({ position }) => position);
      checkEqual(
        positions,
        [...positions].sort((a, b) => a - b),
        'positions in the order of the calls',
      );
      checkEqual(new Set(positions).size, positions.length, 'different positions');
      const counts = answers.map(({ outcome }) =>
        outcome.kind === 'applied' ? decodeCountResult(outcome.result) : -1,
      );
      checkEqual(
        counts,
        turns.map((turn) => ((turn + 1) * (turn + 2)) / 2),
        'counts in the order of the calls',
      );
    },
  },
  {
    id: 'engine/tells-the-proposer-of-a-refusal',
    because: 'a refused entry is an answer: nothing happened, and everything goes on',
    async run(harness) {
      const group = groupOf(harness);
      await addTo(harness, 'a', 1);
      const { position, outcome } = await group.propose(encodeCount('a', -5), { source: 'user' });
      check(outcome.kind === 'refused', 'the entry is refused');
      checkEqual(outcome.error.code, 'INVALID_ARGUMENT', 'the reason of the refusal');
      check(group.status().applied >= position, 'the applied position moves over a refused entry');
      checkEqual(await readCount(group.store, 'a'), 1, 'the counter after the refusal');
      checkEqual((await addTo(harness, 'a', 1)).count, 2, 'the next result');
    },
  },
  {
    id: 'engine/applies-lonely-entries-alone',
    because: 'an entry that changes keys or membership is synced, and seen, before the next one is looked at',
    async run(harness) {
      const { counters } = harness;
      const shared: number[] = [];
      counters.onApply = ({ payload }, batch) => {
        if (payload[0] === encodeCount('a', 0, { alone: true })[0]) shared.push(batch.size);
      };
      const payloads = Array.from({ length: 12 }, (_, at) => encodeCount('a', 1, { alone: at % 3 === 2 }));
      const group = groupOf(harness);
      await Promise.all(payloads.map((payload) => group.propose(payload, { source: 'user' })));
      checkEqual(shared, [0, 0, 0, 0], 'operations already in the batches of lonely entries');
      checkEqual(await readCount(group.store, 'a'), 12, 'the counter');
    },
  },
  {
    id: 'engine/lets-admission-refuse',
    because: 'user writes wait until the keys that will seal them are in force',
    needs: ADMISSION,
    async run(harness) {
      const group = groupOf(harness);
      const { applied } = group.status();
      harness.admit!('user', new CaissonError('ENCRYPTION_NOT_BOOTSTRAPPED'));
      const refused = () => group.propose(encodeCount('a', 1), { source: 'user' });
      await checkFails(refused, 'ENCRYPTION_NOT_BOOTSTRAPPED', 'a user proposal that is held back');
      checkEqual(group.status().applied, applied, 'the applied position after the refusal');
      await group.propose(encodeCount('a', 2), { source: 'system' });
      harness.admit!('user', undefined);
      checkEqual((await addTo(harness, 'a', 1)).count, 3, 'the counter once users are let in');
    },
  },
  {
    id: 'engine/gives-up-for-a-signal',
    because: 'a client that has gone must not hold a proposer for ever',
    async run(harness) {
      const aborted = new AbortController();
      aborted.abort();
      const { signal } = aborted;
      const proposing = () => groupOf(harness).propose(encodeCount('a', 1), { source: 'user', signal });
      await checkFails(proposing, ['CANCELLED', 'UNKNOWN_OUTCOME'], 'a proposal with an aborted signal');
    },
  },
  {
    id: 'engine/says-what-it-cannot-do',
    because: 'an operator who removes a member must not hear yes from an engine that has none',
    needs: FEW_POWERS,
    async run({ engine, group }) {
      const change = { kind: 'remove', name: 'nobody' } as const;
      if (!engine.capabilities.membership) {
        await checkFails(() => engine.changeMembership(group, change), 'UNIMPLEMENTED', 'changeMembership');
      }
      if (!engine.capabilities.snapshots) {
        await checkFails(() => engine.takeSnapshot(group), 'UNIMPLEMENTED', 'takeSnapshot');
      }
    },
  },
];
