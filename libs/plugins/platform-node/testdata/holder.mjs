// Holds the directory named by the first argument until it is killed; says so, or the code of its refusal.
import { NodeDisk } from '../dist/index.js';

try {
  await new NodeDisk().hold(process.argv[2]);
  process.stdout.write('held\n');
  setInterval(() => {}, 1000);
} catch (error) {
  process.stdout.write(`${error.code}\n`);
}
