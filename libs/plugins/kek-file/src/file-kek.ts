import { invariant } from '@caisson/base';
import type {
  Cipher,
  Disk,
  Hashes,
  KekDescription,
  KekProvider,
  Random,
  Secret,
  WrapContext,
} from '@caisson/contracts';
import { LocalKek } from '@caisson/encryption';
import { readKekFile } from './read-kek-file.js';

export interface FileKekParts {
  readonly disk: Disk;
  readonly ciphers: readonly Cipher[];
  readonly hashes: Hashes;
  readonly random: Random;
}

/** A KEK in a file, read once at the start and held until the stop. */
export class FileKek implements KekProvider {
  readonly #path: string;
  readonly #parts: FileKekParts;
  #kek: LocalKek | undefined;

  constructor(path: string, parts: FileKekParts) {
    this.#path = path;
    this.#parts = parts;
  }

  async open(): Promise<void> {
    const key = await readKekFile(this.#parts.disk, this.#path);
    this.#kek = new LocalKek({ ...this.#parts, provider: 'file', key });
    key.erase();
  }

  close(): void {
    this.#kek?.dispose();
    this.#kek = undefined;
  }

  describe(): Promise<KekDescription> {
    return this.#open().describe();
  }

  wrap(dek: Secret, context: WrapContext, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#open().wrap(dek, context, signal);
  }

  unwrap(blob: Uint8Array, context: WrapContext, signal?: AbortSignal): Promise<Secret> {
    return this.#open().unwrap(blob, context, signal);
  }

  rewrap(blob: Uint8Array, context: WrapContext, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#open().rewrap(blob, context, signal);
  }

  /** Reads the file again: an operator who moved or exposed it hears of it before the next start does. */
  async probe(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    (await readKekFile(this.#parts.disk, this.#path)).erase();
  }

  #open(): LocalKek {
    invariant('KEK-1', this.#kek !== undefined, 'a key provider is used before its start or after its stop');
    return this.#kek;
  }
}
