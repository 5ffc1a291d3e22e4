import type { Kit } from '../case.js';
import { directoryCases } from './directory-cases.js';
import type { DiskHarness } from './disk-harness.js';
import { fileCases } from './file-cases.js';

/** What every disk promises. What survives a loss of power, only a machine that loses power can tell. */
export const diskKit: Kit<DiskHarness> = {
  id: 'disk',
  contract: 'Disk',
  cases: [...fileCases, ...directoryCases],
};
