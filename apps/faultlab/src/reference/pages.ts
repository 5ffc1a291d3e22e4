import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { StoredMutants } from '../reports/mutants.js';
import { plantedBugsPage } from './planted-bugs.js';

const RECORDS = resolve(import.meta.dirname, '../../records');

/** The last run of all planted bugs that was kept. */
export function recordedMutants(): StoredMutants {
  return StoredMutants.parse(JSON.parse(readFileSync(resolve(RECORDS, 'planted-bugs.json'), 'utf8')));
}

/** Generated pages of docs/reference, by file name. */
export function referencePages(): ReadonlyMap<string, string> {
  return new Map([['planted-bugs.md', plantedBugsPage(recordedMutants())]]);
}
