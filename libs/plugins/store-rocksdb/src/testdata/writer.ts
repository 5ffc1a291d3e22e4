import { writeSync } from 'node:fs';
import { argv } from 'node:process';
import { stores, writePlanned } from './planned.js';

/**
 * A process of its own that writes planned batches until it is killed, or waits to be once the last one is
 * written.
 *
 * Arguments: directory, number of the first batch, of the last one. Says `opening`, and `synced <number>`
 * or
 * `written <number>` once a batch is acknowledged.
 */
const [directory, first, last] = argv.slice(2) as [string, string, string];
say('opening');
const store = await stores.open(directory);
for (let number = Number(first); number <= Number(last); number++) {
  const isSynced = await writePlanned(store, number);
  say(`${isSynced ? 'synced' : 'written'} ${number}`);
}
process.stdin.resume();

function say(line: string): void {
  writeSync(1, `${line}\n`);
}
