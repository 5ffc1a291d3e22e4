import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

/**
 * Why a native module cannot be used, or undefined where it can. Some end the process while they are loaded,
 * where nothing can be caught: such a one is tried in a process of its own.
 *
 * `from` is the URL of who needs it; a module that is not found from there is left to whoever loads it.
 */
export function nativeModuleProblem(name: string, from: string): string | undefined {
  let path: string;
  try {
    path = createRequire(from).resolve(name);
  } catch {
    return undefined;
  }
  const { signal, status } = spawnSync(process.execPath, ['-e', `require(${JSON.stringify(path)})`], {
    stdio: 'ignore',
  });
  if (status === 0) return undefined;
  const end = signal === null ? `exit code ${status}` : signal;
  return `${name} does not load in Node.js ${process.versions.node} on this machine (${end}).`;
}
