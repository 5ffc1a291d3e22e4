import { override } from '@caisson/compliance';
import { KvService } from '@caisson/contracts';
import type { Finding } from '../oracles/rules.js';
import type { Plant, Plants } from './plants.js';

const SHORT_MS = 2000;
const CANARY_SEEDS = [1, 2, 3, 4, 5];

/** Now and then a read takes a value that is damaged for the value. */
export function misreads(): (token: string, instance: unknown) => unknown {
  let reads = 0;
  return (token, instance) => {
    if (token !== KvService.name) return instance;
    const kv = instance as KvService;
    const get: KvService['get'] = async (...args) => {
      const answer = await kv.get(...args);
      if (answer.found === undefined || ++reads % 20 > 0) return answer;
      const value = answer.found.value.slice();
      value[value.length - 1]! ^= 1;
      return { ...answer, found: { ...answer.found, value } };
    };
    return override(kv, { get });
  };
}

/** Something to be found in each of several storms; of one that shows nothing, nothing. */
async function inEveryStorm(plant: string): Promise<readonly Finding[]> {
  const { runSeed } = await import('../storm/storm.js');
  const found: Finding[] = [];
  for (const seed of CANARY_SEEDS) {
    const { findings } = await runSeed({ seed, stormMs: SHORT_MS, profile: 'swarm' }, { plant });
    if (findings.length === 0) return [];
    found.push(...findings);
  }
  return found;
}

/** What two runs of one seed differ in. */
async function inTwoRuns(plant: string): Promise<readonly Finding[]> {
  const { runSeed } = await import('../storm/storm.js');
  const { divergence } = await import('../campaigns/campaign.js');
  const run = () => runSeed({ seed: 2, stormMs: SHORT_MS }, { plant });
  return divergence(await run(), await run());
}

/** A node whose randomness depends on what this process did before. */
function rememberingPlant(): Plant {
  let storms = 0;
  return {
    about: 'what a node takes for random depends on how many storms there were before',
    breaks: ['H1'],
    make: () => {
      const salt = ++storms & 0xff;
      const random: Plants['random'] = (sound) =>
        override(sound, { bytes: (length) => sound.bytes(length).map((byte) => byte ^ salt) });
      return { random };
    },
    hunt: () => inTwoRuns('remembers-other-storms'),
  };
}

/** Bugs of the laboratory around its parts. */
export const LABORATORY_PLANTS: Readonly<Record<string, Plant>> = {
  canary: {
    about: 'one read in twenty is wrong: each storm that there is has to break',
    breaks: ['E8', 'T1', 'T3', 'T11'],
    make: () => ({ around: misreads() }),
    hunt: () => inEveryStorm('canary'),
  },
  'remembers-other-storms': rememberingPlant(),
};
