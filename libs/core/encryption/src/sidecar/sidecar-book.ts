import { equalBytes, invariant } from '@caisson/base';
import { CaissonError, type DataDirectory, type Disk, type Hashes } from '@caisson/contracts';
import {
  parseSidecar,
  printSidecar,
  type Sidecar,
  SIDECAR_BYTES_MAX,
  type SidecarKey,
  sidecarMacInput,
} from '@caisson/formats';
import type { EpochFloors } from '../candidate/epoch-floors.js';
import { recordMac } from '../keys/authentication.js';
import type { Keystore } from '../keys/keystore.js';
import { replaceFile } from './durable-file.js';
import { mergeSidecar, type SidecarChange, type SidecarContent } from './sidecar-merge.js';

export const SIDECAR_NAME = 'keys.json';

export interface SidecarBookParts {
  readonly disk: Disk;
  readonly directory: DataDirectory;
  readonly hashes: Hashes;
  readonly keystore: Keystore;
  /** Where keys begin that are recorded for the first time. */
  readonly floors: Pick<EpochFloors, 'of'>;
}

/**
 * The sidecar as this process knows it, and the only writer of the file.
 *
 * `record` returns once a change is durable; what is in force afterwards is the union of all changes.
 * Nothing is written when nothing changes. Calls may overlap: they are written one after the other.
 */
export class SidecarBook {
  readonly #parts: SidecarBookParts;
  #content: SidecarContent | undefined;
  #written: Uint8Array | undefined;
  #isFound = false;
  #turn: Promise<void> = Promise.resolve();

  constructor(parts: SidecarBookParts) {
    this.#parts = parts;
  }

  get path(): string {
    return this.#parts.disk.join(this.#parts.directory.encryptionPath, SIDECAR_NAME);
  }

  /** What is known; `undefined` before bootstrap. */
  get content(): SidecarContent | undefined {
    return this.#content;
  }

  /** Whether the file was there when the node started. */
  get isFound(): boolean {
    return this.#isFound;
  }

  async isPresent(): Promise<boolean> {
    return (await this.#parts.disk.status(this.path)) !== undefined;
  }

  /** The file as it is, its layout checked and nothing else; `undefined` when there is none. */
  async read(): Promise<Sidecar | undefined> {
    const bytes = await this.#parts.disk.read(this.path, SIDECAR_BYTES_MAX);
    return bytes === undefined ? undefined : parseSidecar(bytes);
  }

  /**
   * Takes over a file whose keys are already in the keystore, if its MAC is right; else `SIDECAR_CORRUPT`.
   * The MAC is bound to the cluster the file itself names: whether that is ours is asked afterwards.
   */
  adopt(sidecar: Sidecar): void {
    const { hashes } = this.#parts;
    const key = sidecar.keys.get(sidecar.macKeyId);
    const held = this.#parts.keystore.find(sidecar.macKeyId, 'storage');
    if (key === undefined || key.state === 'retired' || held === undefined) {
      throw new CaissonError('SIDECAR_CORRUPT', { path: this.path, field: 'mac_key_id' });
    }
    const macKey = { hashes, dek: held.dek, clusterId: sidecar.clusterId };
    if (!hashes.equal(recordMac(macKey, 'sidecar', sidecarMacInput(sidecar)), sidecar.mac)) {
      throw new CaissonError('SIDECAR_CORRUPT', { path: this.path, field: 'mac' });
    }
    this.#content = sidecar;
    this.#written = printSidecar(sidecar);
    this.#isFound = true;
  }

  record(change: SidecarChange): Promise<void> {
    const turn = this.#turn.then(() => this.#record(change));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #record(change: SidecarChange): Promise<void> {
    const { directory } = this.#parts;
    const empty: SidecarContent = {
      clusterId: directory.identity.clusterId,
      groups: new Map(),
      keys: new Map(),
    };
    const content = this.#floored(mergeSidecar(this.#content ?? empty, change));
    const bytes = printSidecar(this.#authenticate(content));
    if (this.#written === undefined || !equalBytes(this.#written, bytes)) await this.#write(bytes);
    this.#content = content;
    this.#written = bytes;
  }

  #floored(content: SidecarContent): SidecarContent {
    const keys = new Map(content.keys);
    for (const [keyId, key] of keys) {
      const isNew = this.#content?.keys.has(keyId) !== true;
      const localEpoch = Math.max(key.localEpoch, this.#parts.floors.of(keyId));
      if (isNew && localEpoch !== key.localEpoch) keys.set(keyId, { ...key, localEpoch });
    }
    return { ...content, keys };
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const { disk, directory } = this.#parts;
    if ((await disk.status(directory.encryptionPath)) === undefined) {
      await disk.makeDirectory(directory.encryptionPath);
      await disk.syncDirectory(directory.path);
    }
    await replaceFile(disk, directory.encryptionPath, SIDECAR_NAME, bytes);
  }

  #authenticate(content: SidecarContent): Sidecar {
    const { hashes, keystore } = this.#parts;
    const macKeyId = macKeyOf(content);
    const held = keystore.find(macKeyId, 'storage');
    invariant('ENC-1', held !== undefined, 'a sidecar is written while its storage DEK is not held');
    const record = { ...content, macKeyId };
    const macKey = { hashes, dek: held.dek, clusterId: content.clusterId };
    return { ...record, mac: recordMac(macKey, 'sidecar', sidecarMacInput(record)) };
  }
}

/** The active storage DEK, else any that is not retired: the lowest id, so that a rewrite changes nothing. */
function macKeyOf({ keys }: SidecarContent): number {
  const candidates = [...keys].filter(([, key]) => key.purpose === 'storage' && key.state !== 'retired');
  const active = candidates.filter(([, key]: [number, SidecarKey]) => key.state === 'active');
  const ids = (active.length > 0 ? active : candidates).map(([id]) => id);
  invariant('ENC-1', ids.length > 0, 'a sidecar is written without a storage DEK');
  return Math.min(...ids);
}
