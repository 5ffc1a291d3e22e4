import type { Kit } from '../case.js';
import { bookCases } from './book-cases.js';
import { frameCases } from './frame-cases.js';
import { questionCases } from './question-cases.js';
import { snapshotCases } from './snapshot-cases.js';
import type { TransportHarness } from './transport-harness.js';

/** What every transport between nodes promises. */
export const transportKit: Kit<TransportHarness> = {
  id: 'transport',
  contract: 'RaftTransport',
  cases: [...frameCases, ...bookCases, ...questionCases, ...snapshotCases],
};
