export { createProgram, runProgram } from './program.js';
export { judgeFile, runVectors } from './vectors.js';
