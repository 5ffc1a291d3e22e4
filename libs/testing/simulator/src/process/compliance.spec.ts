import {
  type ClockHarness,
  clockKit,
  describeKit,
  diskKit,
  logKit,
  ManualClock,
  storeKit,
} from '@caisson/compliance';
import { NodeTime } from '../clock/node-time.js';
import { diskLogHarness, diskStoreHarness, simulatedDiskHarness } from '../disk/disk-harness.js';
import { Life } from './life.js';
import { mortal } from './mortal.js';
import { ProcessClock } from './process-clock.js';

const NOW_MS = 1_700_000_000_000;

const alive = () => new Life(() => undefined);

/** The clock of a process, on a machine whose clocks run apart from all others. */
function clockHarness(): ClockHarness {
  const shared = new ManualClock(NOW_MS);
  const time = new NodeTime(shared);
  time.drift(200);
  return {
    clock: new ProcessClock(time, alive(), -300),
    advance: async (ms) => {
      for (let passed = 0; passed < ms; passed++) {
        shared.advance(1);
        await shared.turn();
      }
    },
    waiting: () => shared.waiting,
  };
}

describe('as a process sees it', () => {
  describeKit(clockKit, clockHarness, { describe, it });

  describeKit(
    diskKit,
    async () => {
      const harness = await simulatedDiskHarness();
      return { ...harness, disk: mortal(harness.disk, alive()) };
    },
    { describe, it },
  );

  describeKit(
    storeKit,
    () => {
      const harness = diskStoreHarness('weak');
      const { crash, damage, directory, files } = harness;
      return {
        crash,
        damage,
        directory,
        files,
        get stores() {
          return mortal(harness.stores, alive());
        },
      };
    },
    { describe, it },
  );

  describeKit(
    logKit,
    () => {
      const harness = diskLogHarness('weak');
      const { crash, damage, directory, files } = harness;
      return {
        crash,
        damage,
        directory,
        files,
        get logs() {
          return mortal(harness.logs, alive());
        },
      };
    },
    { describe, it },
  );
});
