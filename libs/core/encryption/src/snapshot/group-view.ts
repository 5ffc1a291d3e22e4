import { EMPTY_BYTES } from '@caisson/base';
import { CaissonError, type Cursor, type Hashes, type ReadView, type StoredView } from '@caisson/contracts';
import { decodeKeyState, SYSTEM_KEYS, TABLE } from '@caisson/formats';
import { recordMac } from '../keys/authentication.js';
import type { Keystore } from '../keys/keystore.js';

/** Tables `0x01` to `0x05`; what follows belongs to this node. */
const REPLICATED = Object.freeze({ from: Uint8Array.of(TABLE.system), to: Uint8Array.of(TABLE.local) });

export interface GroupViewParts {
  readonly group: number;
  readonly view: ReadView;
  readonly hashes: Hashes;
  readonly keystore: Keystore;
  readonly clusterId: Uint8Array;
  onClosed?(): void;
}

/** One moment of a group's store below its door. */
export class GroupView implements StoredView {
  readonly #parts: GroupViewParts;

  constructor(parts: GroupViewParts) {
    this.#parts = parts;
  }

  get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#parts.view.get(key);
  }

  rows(): Cursor {
    return this.#parts.view.scan(REPLICATED);
  }

  async authenticate(...parts: readonly Uint8Array[]): Promise<Uint8Array> {
    const row = await this.get(SYSTEM_KEYS.keyState);
    if (row === undefined) return EMPTY_BYTES;
    const { group, hashes, keystore, clusterId } = this.#parts;
    const { macKeyId } = decodeKeyState(row);
    const held = keystore.find(macKeyId, 'storage');
    if (held === undefined) throw new CaissonError('UNKNOWN_KEY_ID', { group, keyId: macKeyId });
    return recordMac({ hashes, clusterId, dek: held.dek }, 'keyState', ...parts);
  }

  close(): Promise<void> {
    this.#parts.onClosed?.();
    return this.#parts.view.close();
  }
}
