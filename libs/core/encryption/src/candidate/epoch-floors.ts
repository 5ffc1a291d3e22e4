import type { DataDirectory, Disk } from '@caisson/contracts';
import { decodeEpochFloors, encodeEpochFloors, type KeyEpoch } from '@caisson/formats';
import { replaceFile } from '../sidecar/durable-file.js';

export const FLOORS_NAME = 'epoch-floors';
const FLOORS_BYTES_MAX = 1024 * 1024;

export interface EpochFloorsParts {
  readonly disk: Disk;
  readonly directory: DataDirectory;
}

/**
 * Epochs below which this node must not begin under a key that it meets for the first time, as told when it
 * was asked whether it may join. Its name may have sealed before, on a disk that is gone.
 *
 * A floor outlives the process, because the key may be met much later; it never falls.
 */
export class EpochFloors {
  readonly #parts: EpochFloorsParts;
  #floors: ReadonlyMap<number, number> = new Map();
  #turn: Promise<void> = Promise.resolve();

  constructor(parts: EpochFloorsParts) {
    this.#parts = parts;
  }

  /** `SIDECAR_CORRUPT` for a damaged file. Without one there are no floors. */
  async load(): Promise<void> {
    const { disk, directory } = this.#parts;
    const bytes = await disk.read(disk.join(directory.encryptionPath, FLOORS_NAME), FLOORS_BYTES_MAX);
    if (bytes !== undefined) this.#floors = toMap(decodeEpochFloors(bytes));
  }

  /** 0 for a key without a floor. */
  of(keyId: number): number {
    return this.#floors.get(keyId) ?? 0;
  }

  /** Resolves once every floor is durable. */
  raise(floors: readonly KeyEpoch[]): Promise<void> {
    const turn = this.#turn.then(() => this.#raise(floors));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** In place of a file that cannot be read: these floors, and no others. */
  replace(floors: readonly KeyEpoch[]): Promise<void> {
    const turn = this.#turn.then(() => this.#write(toMap(floors)));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #raise(floors: readonly KeyEpoch[]): Promise<void> {
    const higher = floors.filter(({ keyId, epoch }) => epoch > this.of(keyId));
    if (higher.length === 0) return;
    await this.#write(new Map([...this.#floors, ...toMap(higher)]));
  }

  async #write(floors: ReadonlyMap<number, number>): Promise<void> {
    const rows = [...floors].map(([keyId, epoch]) => ({ keyId, epoch })).sort((a, b) => a.keyId - b.keyId);
    const { disk, directory } = this.#parts;
    if ((await disk.status(directory.encryptionPath)) === undefined) {
      await disk.makeDirectory(directory.encryptionPath);
      await disk.syncDirectory(directory.path);
    }
    await replaceFile(disk, directory.encryptionPath, FLOORS_NAME, encodeEpochFloors(rows));
    this.#floors = floors;
  }
}

function toMap(floors: readonly KeyEpoch[]): ReadonlyMap<number, number> {
  return new Map(floors.map(({ keyId, epoch }) => [keyId, epoch]));
}
