import { readFile, rename, rm, writeFile } from 'node:fs/promises';

/** Identity of a source file and of the target: a checkpoint of anything else is not ours to resume. */
export interface CheckpointIdentity {
  readonly bytes: number;
  readonly modifiedMs: number;
  readonly format: string;
  readonly address: string;
}

interface Content extends CheckpointIdentity {
  readonly records: number;
}

/**
 * How many records of a file, from its beginning, are acknowledged. Kept beside the file while an import
 * runs, removed when it is done. Behind the truth at worst: importing a record twice has the effect of
 * once.
 */
export class Checkpoint {
  readonly path: string;

  constructor(
    source: string,
    private readonly identity: CheckpointIdentity,
  ) {
    this.path = `${source}.caisson-import`;
  }

  /** Records to skip; 0 when there is nothing to resume. */
  async load(): Promise<number> {
    const text = await readFile(this.path, 'utf8').catch(() => '');
    let content: Partial<Content>;
    try {
      content = JSON.parse(text) as Partial<Content>;
    } catch {
      return 0;
    }
    const names = ['bytes', 'modifiedMs', 'format', 'address'] as const;
    const same = names.every((name) => content[name] === this.identity[name]);
    return same && Number.isInteger(content.records) ? content.records! : 0;
  }

  async save(records: number): Promise<void> {
    const content: Content = { ...this.identity, records };
    const temporary = `${this.path}.tmp`;
    await writeFile(temporary, JSON.stringify(content));
    await rename(temporary, this.path);
  }

  remove(): Promise<void> {
    return rm(this.path, { force: true });
  }
}
