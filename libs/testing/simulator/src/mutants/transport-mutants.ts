import { bookMutants } from './book-mutants.js';
import { frameMutants } from './frame-mutants.js';
import type { TransportMutant } from './mutant-harness.js';
import { questionMutants } from './question-mutants.js';
import { snapshotMutants } from './snapshot-mutants.js';

export const transportMutants: readonly TransportMutant[] = [
  ...frameMutants,
  ...bookMutants,
  ...questionMutants,
  ...snapshotMutants,
];
