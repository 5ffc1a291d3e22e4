import { describeKit, engineKit } from '@caisson/compliance';
import { loneHarness } from './testdata/engine-harness.js';

describeKit(
  engineKit,
  loneHarness,
  { describe, it },
  {
    lacks: { fewPowers: 'it changes its membership and takes snapshots' },
  },
);
