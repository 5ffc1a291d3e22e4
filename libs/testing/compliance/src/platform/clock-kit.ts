import type { Clock } from '@caisson/contracts';
import type { Case, Harness, Kit, Need } from '../case.js';
import { check, checkEqual, checkThrows } from '../check.js';

/** What the clock kit works on. */
export interface ClockHarness extends Harness {
  readonly clock: Clock;
  /** Lets `ms` pass: waits for a real clock, moves a simulated one. */
  advance(ms: number): Promise<void> | void;
  /** How many timers of this clock are pending, where somebody can tell. */
  waiting?(): number;
}

const WAITING: Need<ClockHarness> = {
  id: 'waiting',
  what: 'a harness that can count pending timers',
  isMet: ({ waiting }) => waiting !== undefined,
};

const YEAR_2001_MS = 1e12;
const AN_HOUR_MS = 3_600_000;

const cases: readonly Case<ClockHarness>[] = [
  {
    id: 'clock/tells-milliseconds',
    because: 'timestamps of versions are made of them, and are compared across nodes',
    async run({ clock }) {
      check(
        clock.nowMs() > YEAR_2001_MS && clock.nowMs() < 2 ** 47,
        'the wall clock counts milliseconds since 1970',
      );
    },
  },
  {
    id: 'clock/never-goes-back',
    because: 'leases and deadlines are measured by monotonic time',
    async run({ clock, advance }) {
      let last = clock.monotonicMs();
      for (let turn = 0; turn < 1000; turn++) {
        const now = clock.monotonicMs();
        check(now >= last, 'monotonic time does not go back');
        last = now;
      }
      await advance(20);
      check(clock.monotonicMs() >= last + 10, 'monotonic time goes on');
    },
  },
  {
    id: 'clock/sleeps-until-its-time',
    because: 'a retry that does not wait is a flood',
    async run({ clock, advance }) {
      let isAwake = false;
      const sleeping = clock.sleep(100).then(() => (isAwake = true));
      // Awaited below; a clock that fails before that must not end the process that examines it.
      sleeping.catch(() => undefined);
      await clock.turn();
      check(!isAwake, 'a sleeper does not wake before its time');
      await advance(150);
      await sleeping;
    },
  },
  {
    id: 'clock/wakes-for-its-signal',
    because: 'a stop must not wait for a sleeper of an hour',
    async run({ clock }) {
      const stop = new AbortController();
      const failing = checkThrows(() => clock.sleep(AN_HOUR_MS, stop.signal), 'a sleep that is aborted');
      await clock.turn();
      stop.abort('enough');
      checkEqual(await failing, 'enough', 'the reason of the sleep’s end');
      const late = () => clock.sleep(AN_HOUR_MS, stop.signal);
      checkEqual(await checkThrows(late, 'a sleep that is aborted before it begins'), 'enough', 'the reason');
    },
  },
  {
    id: 'clock/leaves-no-timer-behind',
    because: 'a process ends when its work ends, not when its forgotten alarms have rung',
    needs: WAITING,
    async run({ clock, waiting }) {
      const before = waiting!();
      const stop = new AbortController();
      const sleeping = checkThrows(() => clock.sleep(AN_HOUR_MS, stop.signal), 'a sleep that is aborted');
      const cancel = clock.after(AN_HOUR_MS, () => undefined);
      check(waiting!() > before, 'pending timers are counted');
      stop.abort();
      await sleeping;
      cancel();
      checkEqual(waiting!(), before, 'pending timers after an abort and a cancellation');
    },
  },
  {
    id: 'clock/rings-once-and-in-order',
    because: 'an alarm is one election, not two, and the earlier deadline passes first',
    async run({ clock, advance }) {
      const rung: string[] = [];
      clock.after(120, () => rung.push('late'));
      clock.after(40, () => rung.push('early'));
      await clock.turn();
      checkEqual(rung, [], 'alarms rung at once');
      await advance(200);
      await advance(100);
      checkEqual(rung, ['early', 'late'], 'alarms rung');
    },
  },
  {
    id: 'clock/does-not-ring-when-cancelled',
    because: 'a heartbeat that arrived in time must not cause an election',
    async run({ clock, advance }) {
      let rung = 0;
      const cancel = clock.after(20, () => rung++);
      cancel();
      cancel();
      const late = clock.after(10, () => rung++);
      await advance(60);
      late();
      checkEqual(rung, 1, 'alarms rung, one of two having been cancelled');
    },
  },
  {
    id: 'clock/turns-after-queued-work',
    because: 'a batch gathers what callers already on their way bring',
    async run({ clock }) {
      let steps = 0;
      const work = async (): Promise<void> => {
        for (let step = 0; step < 5; step++) {
          await Promise.resolve();
          steps++;
        }
      };
      const working = work();
      await clock.turn();
      checkEqual(steps, 5, 'steps of queued work done when the turn is over');
      await working;
    },
  },
];

/** What every source of time promises. */
export const clockKit: Kit<ClockHarness> = { id: 'clock', contract: 'Clock', cases };
