import { runVectors } from './vectors.js';

process.exitCode = runVectors(process.argv.slice(2), (line) => void process.stdout.write(`${line}\n`));
