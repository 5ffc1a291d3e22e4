import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Runs work in a new folder, and removes it afterwards. */
export async function inWorkspace<T>(parent: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(parent, 'caisson-bench-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Opens, works, and closes in reverse order, whatever happened. */
export class Closing {
  readonly #undo: (() => Promise<unknown> | void)[] = [];

  static async during<T>(work: (closing: Closing) => Promise<T>): Promise<T> {
    const closing = new Closing();
    try {
      return await work(closing);
    } finally {
      for (const undo of closing.#undo.reverse()) await undo();
    }
  }

  add(undo: () => Promise<unknown> | void): void {
    this.#undo.push(undo);
  }
}
