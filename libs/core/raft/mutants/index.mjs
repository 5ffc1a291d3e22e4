/**
 * Deliberate faults, as patches of the sources. Every one must be caught by a test of this library.
 *
 * @typedef {object} Mutant
 * @property {string} id stable, and says what is wrong
 * @property {string} file below src
 * @property {string} find occurs exactly once in the file
 * @property {string} replace
 * @property {string} why what the fault would lead to
 * @property {readonly string[]} first parts of the names of the specs to try first
 * @property {boolean} [isGap] no public script of the reference implementation notices this one
 */
import { configuration } from './configuration.mjs';
import { elections } from './elections.mjs';
import { progress } from './progress.mjs';
import { replication } from './replication.mjs';
import { storage } from './storage.mjs';
import { transferAndReads } from './transfer-and-reads.mjs';

/** @type {readonly Mutant[]} */
export const mutants = [
  ...elections,
  ...replication,
  ...progress,
  ...configuration,
  ...transferAndReads,
  ...storage,
];
