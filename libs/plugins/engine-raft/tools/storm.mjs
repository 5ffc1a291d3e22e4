/**
 * Puts clusters through storms: `node tools/storm.mjs [--seeds N] [--from SEED] [--seed SEED]`.
 *
 * Prints what each seed came to, and of those that broke a promise which, and how it came to that.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
  },
});
const { status } = spawnSync('npx', ['jest', '--silent=false', 'e2e/storm.spec.ts'], {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  stdio: 'inherit',
  env: {
    ...process.env,
    NODE_OPTIONS: '--experimental-vm-modules',
    CAISSON_STORM_FROM: values.seed ?? values.from,
    CAISSON_STORM_SEEDS: values.seed === undefined ? values.seeds : '1',
    CAISSON_STORM_TELLS: '1',
  },
});
process.exitCode = status ?? 1;
