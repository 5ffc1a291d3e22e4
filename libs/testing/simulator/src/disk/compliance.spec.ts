import { describeKit, diskKit, logKit, storeKit } from '@caisson/compliance';
import { diskLogHarness, diskStoreHarness, simulatedDiskHarness } from './disk-harness.js';

describeKit(diskKit, simulatedDiskHarness, { describe, it });

describe.each(['journalled', 'weak'] as const)('on a %s disk', (profile) => {
  describeKit(storeKit, () => diskStoreHarness(profile), { describe, it });
  describeKit(logKit, () => diskLogHarness(profile), { describe, it });
});
