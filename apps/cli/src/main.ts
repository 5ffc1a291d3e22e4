import { runProgram } from './program.js';

// Deprecations speak to whoever writes the program; whoever runs it can do nothing about them.
process.noDeprecation = true;

// A reader that goes away, such as `head`, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runProgram(process.argv);
