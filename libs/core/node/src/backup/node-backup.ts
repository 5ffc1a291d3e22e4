import {
  type BackupPart,
  type BackupService,
  CaissonError,
  type CallContext,
  type Clock,
  type DataDirectory,
  type Disk,
  type Hashes,
  type ReplicationEngine,
  type StoredStates,
} from '@caisson/contracts';
import { type BackupMoment, backupParts } from './backup-parts.js';

export interface NodeBackupParts {
  /** Absent where nothing stored can be looked at. */
  readonly states: StoredStates | undefined;
  readonly engine: Pick<ReplicationEngine, 'groups' | 'group'>;
  readonly directory: DataDirectory;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly hashes: Hashes;
}

/** Backups of a node that serves, over views of what its stores hold. */
export class NodeBackup implements BackupService {
  readonly #parts: NodeBackupParts;

  constructor(parts: NodeBackupParts) {
    this.#parts = parts;
  }

  async estimate(): Promise<number> {
    const { directory, engine } = this.#parts;
    let bytes = 0;
    for (const id of engine.groups) bytes += await this.#bytesBelow(directory.group(id).store);
    return bytes;
  }

  async *create({ signal }: CallContext): AsyncGenerator<BackupPart, void> {
    const { clock, directory, hashes } = this.#parts;
    const moments = this.#moments();
    try {
      const { identity } = directory;
      for await (const part of backupParts({ moments, identity, createdMs: clock.nowMs(), hashes })) {
        signal?.throwIfAborted();
        yield part;
      }
    } finally {
      for (const { view } of moments) await view.close();
    }
  }

  /** The term is asked for after the view is taken, so that it is none that came before its last entry. */
  #moments(): readonly BackupMoment[] {
    const { engine, states } = this.#parts;
    if (states === undefined) throw new CaissonError('UNIMPLEMENTED', { operation: 'backup' });
    return engine.groups.map((group) => {
      const view = states.view(group, 'backup');
      return { group, view, term: engine.group(group).status().leadership };
    });
  }

  /** Files come and go while it looks. */
  async #bytesBelow(path: string): Promise<number> {
    const { disk } = this.#parts;
    const status = await disk.status(path);
    if (status?.kind !== 'directory') return status?.bytes ?? 0;
    let bytes = 0;
    for (const name of (await disk.list(path)) ?? []) bytes += await this.#bytesBelow(disk.join(path, name));
    return bytes;
  }
}
