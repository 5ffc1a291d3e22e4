import type { Patch } from './patches.js';

const HISTORY = 'libs/testing/simulator/dist/history';

/** Bugs of those who judge: they are seen where two of them disagree, or one gives up. */
export const CHECKERS: Readonly<Record<string, Patch>> = {
  'gives-up-early': {
    about: 'the search for an order gives up after a few attempts',
    breaks: ['H5'],
    file: `${HISTORY}/linearizable`,
    edits: [['if (seen.size > attemptsMax)', 'if (seen.size > 3)']],
  },
  'accuses-the-innocent': {
    about: 'the search for an order finds fault with what the log explains',
    breaks: ['H7'],
    file: `${HISTORY}/linearizable`,
    edits: [["return { verdict: 'linearizable' };", "return { verdict: 'violated', story: 'none' };"]],
  },
};
