import type { Kit } from '../case.js';
import { lastingCases } from './lasting-cases.js';
import { movingCases } from './moving-cases.js';
import { readingCases } from './reading-cases.js';
import { scanningCases } from './scanning-cases.js';
import { scrubbingCases } from './scrubbing-cases.js';
import type { StoreHarness } from './store-harness.js';
import { writingCases } from './writing-cases.js';

/** What every ordered store promises. */
export const storeKit: Kit<StoreHarness> = {
  id: 'store',
  contract: 'UntrustedStores',
  cases: [
    ...readingCases,
    ...scanningCases,
    ...writingCases,
    ...scrubbingCases,
    ...lastingCases,
    ...movingCases,
  ],
};
