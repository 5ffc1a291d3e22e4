import { invariant } from '@caisson/base';
import {
  isCaissonError,
  type Cipher,
  type Disk,
  type Hashes,
  type KekDescription,
  type KekProvider,
  type Random,
  type Secret,
  type WrapContext,
} from '@caisson/contracts';
import { LocalKek } from '@caisson/encryption';
import { readKekFile } from './read-kek-file.js';

export interface FileKekParts {
  readonly disk: Disk;
  readonly ciphers: readonly Cipher[];
  readonly hashes: Hashes;
  readonly random: Random;
}

/**
 * A KEK in a file, read once at the start and held until the stop.
 *
 * A file that is not there does not keep a node from starting: another KEK may open it. It is looked for
 * again whenever the KEK is needed. A file that is there and exposed, or no KEK, is refused at once.
 */
export class FileKek implements KekProvider {
  readonly #path: string;
  readonly #parts: FileKekParts;
  #kek: LocalKek | undefined;
  #isStarted = false;

  constructor(path: string, parts: FileKekParts) {
    this.#path = path;
    this.#parts = parts;
  }

  async open(): Promise<void> {
    this.#isStarted = true;
    try {
      await this.#load();
    } catch (error) {
      if (!isCaissonError(error, 'KEK_NOT_FOUND')) throw error;
    }
  }

  close(): void {
    this.#isStarted = false;
    this.#kek?.dispose();
    this.#kek = undefined;
  }

  async describe(): Promise<KekDescription> {
    return (await this.#open()).describe();
  }

  async wrap(dek: Secret, context: WrapContext, signal?: AbortSignal): Promise<Uint8Array> {
    return (await this.#open()).wrap(dek, context, signal);
  }

  async unwrap(blob: Uint8Array, context: WrapContext, signal?: AbortSignal): Promise<Secret> {
    return (await this.#open()).unwrap(blob, context, signal);
  }

  async rewrap(blob: Uint8Array, context: WrapContext, signal?: AbortSignal): Promise<Uint8Array> {
    return (await this.#open()).rewrap(blob, context, signal);
  }

  /** Reads the file again: an operator who moved or exposed it hears of it before the next start does. */
  async probe(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    (await readKekFile(this.#parts.disk, this.#path)).erase();
  }

  async #open(): Promise<LocalKek> {
    invariant('KEK-1', this.#isStarted, 'a key provider is used before its start or after its stop');
    return this.#kek ?? (await this.#load());
  }

  async #load(): Promise<LocalKek> {
    const key = await readKekFile(this.#parts.disk, this.#path);
    this.#kek = new LocalKek({ ...this.#parts, provider: 'file', key });
    key.erase();
    return this.#kek;
  }
}
