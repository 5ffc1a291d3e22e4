// Initialises the directory named by the first argument and dies before the step whose number is the second.
import { NodeDisk, NodeRandom } from '@caisson/platform-node';
import { initialiseDirectory } from '../dist/index.js';

const [path, fatalStep] = process.argv.slice(2);
let step = 0;

/** Counts the steps of a disk and of its files, and kills the process instead of the fatal one. */
function mortal(target) {
  return new Proxy(target, {
    get(_, name) {
      const member = target[name];
      if (typeof member !== 'function' || name === 'join') return member;
      return async (...args) => {
        if (++step === Number(fatalStep)) process.kill(process.pid, 'SIGKILL');
        const result = await member.apply(target, args);
        return name === 'create' ? mortal(result) : result;
      };
    },
  });
}

const disk = mortal(new NodeDisk());
await initialiseDirectory({ disk, random: new NodeRandom(), path, name: 'a', birth: 'clear' });
process.stdout.write(`done in ${step}\n`);
