import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const WRITER = join(import.meta.dirname, '../../dist/testdata/writer.js');

export interface Killed {
  /** The last batch acknowledged as synced, and the last one acknowledged at all. 0 for none. */
  readonly synced: number;
  readonly written: number;
}

/**
 * Lets another process write the batches from `first` on, and kills it once it has said that batch `after`
 * is written; with `after` 0, once it says that it opens the store.
 */
export async function killedWriter(
  directory: string,
  { first, last, after }: { readonly first: number; readonly last: number; readonly after: number },
): Promise<Killed> {
  const writer = spawn(process.execPath, [WRITER, directory, String(first), String(last)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(writer, 'exit');
  let [synced, written] = [0, 0];
  for await (const line of createInterface({ input: writer.stdout })) {
    const [kind, number] = line.split(' ');
    if (kind !== 'opening') written = Number(number);
    if (kind === 'synced') synced = written;
    if (written >= after) writer.kill('SIGKILL');
  }
  await ended;
  return { synced, written };
}
