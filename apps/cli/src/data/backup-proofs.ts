import type { BackedUpKeys, BackupKeys } from '@caisson/encryption';
import type { BackedUpGroup, BackupReader } from '@caisson/node';

const NO_PROOF = { parts: [], mac: new Uint8Array(0) };

/** Whether a backup is what a holder of its keys wrote: each stream, and the manifest over all of them. */
export class BackupProofs {
  #isManifestProved = false;

  constructor(
    private readonly keys: BackupKeys,
    private readonly reader: BackupReader,
  ) {}

  /** Whether any MAC was there to be compared. */
  get isProved(): boolean {
    return this.#isManifestProved;
  }

  /** Groups in their order: the manifest is authenticated under the first that has keys. */
  require(found: BackedUpGroup): void {
    const keys = keysOf(found);
    if (keys === undefined) return;
    this.keys.verify(keys, found.proof, 'mac of the stream');
    if (!this.#isManifestProved) this.keys.verify(keys, this.reader.proof ?? NO_PROOF, 'mac of the manifest');
    this.#isManifestProved = true;
  }
}

function keysOf({ header, keyState: state }: BackedUpGroup): BackedUpKeys | undefined {
  return state && { group: header.group, clusterId: header.clusterId, state };
}
