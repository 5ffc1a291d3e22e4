import type { Kit } from '../case.js';
import type { EngineHarness } from './engine-harness.js';
import { lastingCases } from './lasting-cases.js';
import { proposingCases } from './proposing-cases.js';
import { servingCases } from './serving-cases.js';

/** What every replication engine promises, with one node or many. */
export const engineKit: Kit<EngineHarness> = {
  id: 'engine',
  contract: 'ReplicationEngine',
  cases: [...proposingCases, ...servingCases, ...lastingCases],
};
