/** A node born encrypted, killed at every step of its first start, never writes a clear value. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { CAISSOND, Playground, searchDisk } from '../src/index.js';

const CANARY = 'canary-value-that-must-not-be-on-disk';
const STEPS_MAX = 40;
const START_MS_MAX = 30_000;
/** Only lines that say what the node has done; how its election went is no step. */
const STEPS_ONLY = { 'platform-node': { log: { format: 'json', level: 'info' } } };

let playground: Playground;
afterEach(() => playground?.remove());

/**
 * Starts the server and kills it as soon as it has said `lines` lines; false when it never said so many.
 */
async function killAfterLines(config: string, lines: number): Promise<boolean> {
  const child = spawn(process.execPath, [CAISSOND, 'run', '--config', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), START_MS_MAX);
  let seen = 0;
  for await (const line of createInterface({ input: child.stderr })) {
    if (line.startsWith('{') && ++seen === lines) child.kill('SIGKILL');
    if (line.includes('"surface":"http"')) child.kill('SIGKILL');
  }
  clearTimeout(timer);
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return seen >= lines;
}

test('killed after each line of its log, the node resumes and everything it then writes is sealed', async () => {
  let steps = 0;
  for (let lines = 1; lines <= STEPS_MAX; lines++) {
    playground = await Playground.create();
    const reached = await killAfterLines(await playground.writeConfig(STEPS_ONLY), lines);
    const node = await playground.start();
    expect((await playground.cli(node, 'put', 'key', CANARY)).exitCode).toBe(0);
    const status = JSON.parse((await playground.cli(node, 'status', '--json')).stdout);
    expect(status.encryption.groups[0]).toMatchObject({ storageEnvelopeActive: true, registered: true });
    await node.end('SIGKILL');
    expect((await searchDisk(playground.dataDir, [CANARY])).found).toBe(0);
    await playground.remove();
    if (!reached) break;
    steps++;
  }
  expect(steps).toBeGreaterThanOrEqual(4);
}, 300_000);

test('killed at any moment of its first start, the node resumes', async () => {
  playground = await Playground.create();
  for (let afterMs = 100; afterMs <= 700; afterMs += 50) {
    const config = await playground.writeConfig();
    const child = spawn(process.execPath, [CAISSOND, 'run', '--config', config], { stdio: 'ignore' });
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  const node = await playground.start();
  expect((await playground.cli(node, 'put', 'key', CANARY)).exitCode).toBe(0);
  expect((await playground.cli(node, 'get', 'key')).stdout).toBe(CANARY);
  await node.end('SIGTERM');
  expect((await searchDisk(playground.dataDir, [CANARY])).found).toBe(0);
}, 120_000);
