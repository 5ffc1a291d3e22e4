import type { Kit } from '../case.js';
import { contentCases } from './content-cases.js';
import { lastingCases } from './lasting-cases.js';
import type { LogHarness } from './log-harness.js';

/** What every Raft log promises. */
export const logKit: Kit<LogHarness> = {
  id: 'log',
  contract: 'RaftLogs',
  cases: [...contentCases, ...lastingCases],
};
