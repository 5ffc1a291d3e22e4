import { describeKit, engineKit } from '@caisson/compliance';
import { loneHarness, memberHarness } from './testdata/engine-harness.js';

const lacks = { fewPowers: 'it changes its membership and takes snapshots' };

describe('a cluster of one', () => {
  describeKit(engineKit, loneHarness, { describe, it }, { lacks });
});

describe('the leader of three', () => {
  describeKit(engineKit, memberHarness, { describe, it }, { lacks });
});
