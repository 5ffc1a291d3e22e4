export { createProgram } from './program.js';
export { judgeFile, runVectors } from './vectors.js';
