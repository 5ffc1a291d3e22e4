import { override } from '@caisson/compliance';
import type { RaftLogs } from '@caisson/contracts';
import { stat } from 'node:fs/promises';
import type { Plant } from './plants.js';

/** Does something beside every open of a log: at each start of each process. */
function beside(deed: () => unknown): NonNullable<ReturnType<Plant['make']>['logs']> {
  return (sound: RaftLogs) => {
    const open: RaftLogs['open'] = (...args) => {
      deed();
      return sound.open(...args);
    };
    return override(sound, { open });
  };
}

/** Bugs of the laboratory itself: a simulated node that reaches into the real world. */
export const WORLDLY_PLANTS: Readonly<Record<string, Plant>> = {
  'sets-a-real-timer': {
    about: 'a log is opened with a timer of the machine that the simulation runs on',
    breaks: ['H9'],
    make: () => ({ logs: beside(() => setTimeout(() => undefined, 0)) }),
  },
  'asks-a-real-disk': {
    about: 'a log is opened with a look at the disk of the machine that the simulation runs on',
    breaks: ['H9'],
    make: () => ({ logs: beside(() => void stat('/').catch(() => undefined)) }),
  },
  'forsakes-a-promise': {
    about: 'a promise fails beside the open of a log, and nobody looks after it',
    breaks: ['H9'],
    make: () => ({ logs: beside(() => void Promise.reject(new RangeError('forsaken'))) }),
  },
};
