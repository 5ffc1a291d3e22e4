import { readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { createRandom } from '../simulation/random.js';
import { describeDifference, runScript } from './run-script.js';
import { type Folders, scriptsBelow } from './scripts-below.js';

const folders: Folders = {
  list: (path) => (statSync(path).isDirectory() ? readdirSync(path) : undefined),
  read: (path) => readFileSync(path, 'utf8'),
};

const OWN = fileURLToPath(new URL('../../testdata', import.meta.url));
const GIVEN = process.env.CAISSON_RAFT_SCRIPTS;
const SEEDS = [1, 2, 3, 4, 5];

function passes(text: string, seed: number): string {
  const result = runScript(text, { random: createRandom(seed).below, isFreezing: true });
  return result.difference === undefined ? 'passed' : describeDifference(result.difference);
}

const named = (root: string): { name: string; text: string }[] =>
  scriptsBelow(folders, root).map(({ path, text }) => ({ name: path.slice(root.length + 1), text }));

describe('own scripts, with everything frozen', () => {
  test.each(named(OWN))('$name reads as it runs, for every seed', ({ text }) => {
    for (const seed of SEEDS) expect(passes(text, seed)).toBe('passed');
  });
});

if (GIVEN === undefined) {
  process.stdout.write('scripts of another implementation: skipped, CAISSON_RAFT_SCRIPTS names no folder\n');
} else {
  describe('scripts of another implementation, with everything frozen', () => {
    test.each(named(GIVEN))('$name reads as it runs, for every seed', ({ text }) => {
      for (const seed of SEEDS) expect(passes(text, seed)).toBe('passed');
    });
  });
}
