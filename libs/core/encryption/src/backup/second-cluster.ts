import { invariant, startsWith } from '@caisson/base';
import {
  type DataDirectory,
  type Disk,
  type Pair,
  type Random,
  Secret,
  type UntrustedStore,
  type UntrustedStores,
} from '@caisson/contracts';
import {
  DEK_BYTES,
  encodeCutoverProgress,
  encodeKeyState,
  encodeWriterRow,
  fullNodeId,
  type KeyPurpose,
  type KeyRecord,
  type KeyState,
  nodeId16,
  PURPOSE_CODE,
  type SidecarGroup,
  type SidecarKey,
  SYSTEM_KEYS,
  systemKey,
  writerRegistryKey,
  writerRegistryPrefix,
} from '@caisson/formats';
import { checkValue } from '../keys/check-value.js';
import { SidecarBook } from '../sidecar/sidecar-book.js';
import { sidecarGroup, sidecarKey } from '../sidecar/sidecar-records.js';
import { authenticate } from '../state/key-state-mac.js';
import type { BackupKeys } from './backup-keys.js';

export interface SecondClusterParts {
  /** With the keys of the backup opened. */
  readonly keys: BackupKeys;
  /** Of the new node, with the id of the new cluster. */
  readonly directory: DataDirectory;
  readonly disk: Disk;
  readonly stores: UntrustedStores;
  readonly random: Random;
  readonly nowMs: number;
}

interface NewKeys {
  readonly storage: KeyRecord;
  readonly raft: KeyRecord;
}

const FIRST_EPOCH = 0;
const WRITERS = systemKey(writerRegistryPrefix());

/**
 * What a backup becomes: a cluster with an id and with keys of its own. What it brought opens under the old
 * keys, which are kept under their origin and never seal again, so that two clusters that come from one
 * backup have no key in common under which both could write.
 */
export class SecondCluster {
  readonly #parts: SecondClusterParts;
  readonly #sidecarGroups = new Map<number, SidecarGroup>();
  readonly #sidecarKeys = new Map<number, SidecarKey>();
  #made: NewKeys | undefined;

  constructor(parts: SecondClusterParts) {
    this.#parts = parts;
  }

  /** Makes and wraps both DEKs, under ids that no group of the backup has ever used. */
  async makeKeys(states: readonly KeyState[], signal?: AbortSignal): Promise<void> {
    const taken = new Set(
      states.flatMap(({ keys, retiredIds }) => [...keys.map((key) => key.keyId), ...retiredIds]),
    );
    const storage = await this.#makeKey('storage', taken, signal);
    const raft = await this.#makeKey('raft', taken.add(storage.keyId), signal);
    this.#made = { storage, raft };
  }

  openStore(group: number): Promise<UntrustedStore> {
    const { stores, directory } = this.#parts;
    return stores.open(directory.group(group).store);
  }

  /**
   * Copies rows as they are. Left out is whatever says whose state it is, who may write in it, and under
   * which keys: the end of the restoration says it anew.
   */
  async add(store: UntrustedStore, pairs: readonly Pair[]): Promise<void> {
    const batch = store.batch();
    for (const { key, value } of pairs) if (!isReplaced(key)) batch.put(key, value);
    if (batch.size > 0) await batch.write({ sync: false });
  }

  /** Makes all of the group durable. `state` is that of the backup, `first` the group's new beginning. */
  async finish(
    store: UntrustedStore,
    group: number,
    {
      state,
      first,
    }: {
      readonly state: KeyState | undefined;
      readonly first: { readonly index: number; readonly term: number };
    },
  ): Promise<void> {
    const batch = store.batch();
    if (state !== undefined) {
      const renewed = this.#renewed(state, first.index);
      batch.put(SYSTEM_KEYS.keyState, encodeKeyState(renewed));
      if (renewed.raftEnvelopeActive) {
        batch.put(
          SYSTEM_KEYS.cutoverProgress,
          encodeCutoverProgress({ term: first.term, sealedSeen: false }),
        );
      }
      for (const keyId of [renewed.activeStorage, renewed.activeRaft]) this.#register(keyId, batch);
      this.#sidecarGroups.set(group, sidecarGroup(renewed));
      for (const record of renewed.keys) this.#note(record);
    }
    await batch.write({ sync: true });
  }

  /** Writes the sidecar; none for a cluster without keys. */
  async recordKeys(): Promise<void> {
    if (this.#sidecarGroups.size === 0) return;
    const { keys, disk, directory } = this.#parts;
    const { hashes, keystore } = keys;
    const book = new SidecarBook({ disk, directory, hashes, keystore, floors: { of: () => FIRST_EPOCH } });
    await book.record({ groups: this.#sidecarGroups, keys: this.#sidecarKeys });
  }

  #renewed(state: KeyState, index: number): KeyState {
    const { storage, raft } = this.#newKeys();
    const { keys, directory } = this.#parts;
    const old = state.keys.map((key) =>
      key.state === 'active' ? { ...key, state: 'retiring' as const } : key,
    );
    return authenticate(
      {
        ...state,
        stateIndex: index,
        activeStorage: storage.keyId,
        activeRaft: raft.keyId,
        raftCutoverIndex: state.raftEnvelopeActive ? index : 0,
        sealedModeIndex: state.sealedModeIndex === 0 ? 0 : index,
        keys: [...old, storage, raft].sort((a, b) => a.keyId - b.keyId),
        macKeyId: storage.keyId,
      },
      { hashes: keys.hashes, keystore: keys.keystore, clusterId: directory.identity.clusterId },
    );
  }

  #register(dekId: number, batch: { put(key: Uint8Array, value: Uint8Array): unknown }): void {
    const own = fullNodeId(this.#parts.directory.identity.name);
    const row = { fullNodeId: own, firstSeenEpoch: FIRST_EPOCH, lastSeenEpoch: FIRST_EPOCH };
    batch.put(systemKey(writerRegistryKey(dekId, nodeId16(own))), encodeWriterRow(row));
  }

  #note(record: KeyRecord): void {
    if (record.state === 'retired') return;
    this.#sidecarKeys.set(record.keyId, sidecarKey(record, this.#parts.nowMs, FIRST_EPOCH));
  }

  #newKeys(): NewKeys {
    invariant('ENC-12', this.#made !== undefined, 'a restored cluster seals under keys of its own');
    return this.#made;
  }

  async #makeKey(
    purpose: KeyPurpose,
    taken: ReadonlySet<number>,
    signal: AbortSignal | undefined,
  ): Promise<KeyRecord> {
    const { keys, random, directory } = this.#parts;
    const keyId = freshId(random, taken);
    const originId = directory.identity.clusterId;
    const bytes = random.bytes(DEK_BYTES);
    const dek = new Secret(bytes);
    bytes.fill(0);
    const context = { originId, keyId, purpose: PURPOSE_CODE[purpose] };
    const container = await keys.ring.wrap(dek, context, signal);
    await keys.ring.verify(container, context, dek, signal);
    const check = checkValue(keys.hashes, dek);
    keys.keystore.set({ keyId, purpose, originId, dek }, check);
    return { keyId, purpose, originId, check, container, state: 'active' };
  }
}

function freshId(random: Random, taken: ReadonlySet<number>): number {
  for (;;) {
    const id = random.integer(2 ** 32);
    if (id !== 0 && !taken.has(id)) return id;
  }
}

function isReplaced(key: Uint8Array): boolean {
  const { clusterId, membership, keyState, cutoverProgress } = SYSTEM_KEYS;
  const rows = [clusterId, membership, keyState, cutoverProgress];
  return startsWith(key, WRITERS) || rows.some((row) => row.length === key.length && startsWith(key, row));
}
