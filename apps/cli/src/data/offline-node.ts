import { AesGcmCipher } from '@caisson/cipher-aes-gcm';
import { SnappyCompressor } from '@caisson/compressor-snappy';
import {
  CaissonError,
  type LogEntry,
  type NodeIdentity,
  type RaftLog,
  type UntrustedStore,
} from '@caisson/contracts';
import { HeldDirectory } from '@caisson/data-directory';
import { OfflineReader } from '@caisson/encryption';
import {
  decodeVersionKey,
  OPCODES,
  parseSidecar,
  payloadOpcode,
  SIDECAR_BYTES_MAX,
  TABLE,
  tableRange,
} from '@caisson/formats';
import { FileKek, type FileKekParts } from '@caisson/kek-file';
import { RocksdbLogs } from '@caisson/log-rocksdb';
import { NodeDisk, NodeHashes, NodeRandom } from '@caisson/platform-node';
import { RocksdbStores } from '@caisson/store-rocksdb';

export interface OfflineOptions {
  readonly dataDir: string;
  readonly group: number;
  readonly kekPath?: string;
}

export interface Summary {
  readonly identity: NodeIdentity;
  /** Whether the sidecar authenticates; unknown without the KEK. */
  readonly sidecarMac: 'right' | 'wrong' | 'unknown' | 'no sidecar';
  readonly keyIds: readonly number[];
  readonly logFrom: number;
  readonly logTo: number;
  readonly sealedEntries: number;
  readonly clearEntries: number;
  readonly sealedVersions: number;
  readonly clearVersions: number;
  readonly tombstones: number;
  /** Sealed values and entries that do not open although their key is here. */
  readonly damaged: number;
}

export interface ValueView {
  readonly key: Uint8Array;
  readonly commitTs: bigint;
  readonly expireAt: bigint;
  readonly state: 'clear' | 'sealed' | 'tombstone';
  readonly keyId?: number;
  readonly value?: Uint8Array;
  readonly problem?: string;
}

export interface EntryView {
  readonly index: number;
  readonly term: number;
  readonly kind: string;
  readonly bytes: number;
  readonly keyId?: number;
  readonly what?: string;
  readonly problem?: string;
}

const READ_BYTES = 4 * 1024 * 1024;

const COUNTED_AS = { sealed: 'sealedVersions', clear: 'clearVersions', tombstone: 'tombstones' } as const;

const OPCODE_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(OPCODES).map(([name, opcode]) => [opcode, name]),
);

/**
 * The directory of a node that does not run, held so that none starts meanwhile. Nothing in it is changed.
 */
export class OfflineNode {
  private constructor(
    private readonly directory: HeldDirectory,
    private readonly data: { readonly store: UntrustedStore; readonly log: RaftLog },
    private readonly reader: OfflineReader,
    private readonly group: number,
  ) {}

  static async open(options: OfflineOptions): Promise<OfflineNode> {
    const disk = new NodeDisk();
    const hashes = new NodeHashes();
    const directory = new HeldDirectory(disk, options.dataDir);
    await directory.open();
    try {
      const paths = directory.group(options.group);
      if (!(await disk.status(paths.store))) {
        throw new CaissonError('INVALID_ARGUMENT', { field: 'group', limit: 'a group of this node' });
      }
      const ciphers = [new AesGcmCipher()];
      const parts = { disk, hashes, ciphers, random: new NodeRandom() };
      const keks = options.kekPath === undefined ? [] : [await openKek(options.kekPath, parts)];
      const reader = new OfflineReader({ keks, ciphers, hashes, compressor: new SnappyCompressor() });
      const store = await new RocksdbStores().open(paths.store);
      const log = await new RocksdbLogs().open(paths.log);
      return new OfflineNode(directory, { store, log }, reader, options.group);
    } catch (error) {
      await directory.close();
      throw error;
    }
  }

  async summary(): Promise<Summary> {
    const sidecarMac = await this.#loadKeys();
    const entries = { sealedEntries: 0, clearEntries: 0 };
    const versions = { sealedVersions: 0, clearVersions: 0, tombstones: 0 };
    let damaged = 0;
    const isDamage = (view: { keyId?: number; problem?: string }) =>
      view.problem !== undefined && view.keyId !== undefined && this.reader.keyIds.includes(view.keyId);
    for await (const view of this.entries(Infinity)) {
      if (view.kind === 'sealed') entries.sealedEntries++;
      else entries.clearEntries++;
      if (isDamage(view)) damaged++;
    }
    for await (const view of this.values(Infinity)) {
      versions[COUNTED_AS[view.state]]++;
      if (isDamage(view)) damaged++;
    }
    const { identity } = this.directory;
    const log = { logFrom: this.data.log.start.index + 1, logTo: this.data.log.last };
    return { identity, sidecarMac, keyIds: this.reader.keyIds, ...log, ...entries, ...versions, damaged };
  }

  async *values(limit: number): AsyncGenerator<ValueView> {
    await this.#loadKeys();
    const view = this.data.store.view();
    try {
      const cursor = view.scan(tableRange(TABLE.versions));
      for (let left = limit; left > 0; ) {
        const pairs = await cursor.next({ pairs: Math.min(left, 256) });
        if (pairs.length === 0) return;
        left -= pairs.length;
        for (const { key, value } of pairs) yield this.#valueView(key, value);
      }
    } finally {
      await view.close();
    }
  }

  async *entries(limit: number): AsyncGenerator<EntryView> {
    await this.#loadKeys();
    let next = this.data.log.start.index + 1;
    for (let left = limit; left > 0 && next <= this.data.log.last; ) {
      const entries = await this.data.log.read(next, this.data.log.last, READ_BYTES);
      for (const entry of entries.slice(0, left)) yield this.#entryView(entry);
      left -= entries.length;
      next += entries.length;
    }
  }

  async close(): Promise<void> {
    this.reader.close();
    await this.data.log.close();
    await this.data.store.close();
    await this.directory.close();
  }

  async #loadKeys(): Promise<Summary['sidecarMac']> {
    const disk = new NodeDisk();
    const bytes = await disk.read(disk.join(this.directory.encryptionPath, 'keys.json'), SIDECAR_BYTES_MAX);
    if (!bytes) return 'no sidecar';
    const isRight = await this.reader.loadSidecar(parseSidecar(bytes));
    if (isRight === undefined) return 'unknown';
    return isRight ? 'right' : 'wrong';
  }

  #valueView(storeKey: Uint8Array, stored: Uint8Array): ValueView {
    const { userKey: key, commitTs } = decodeVersionKey(storeKey);
    const { header, keyId, body, problem } = this.reader.value(storeKey, stored);
    return {
      key,
      commitTs,
      expireAt: header.expireAt,
      state: header.tombstone ? 'tombstone' : header.state,
      ...(keyId !== undefined && { keyId }),
      ...(body && !header.tombstone && { value: body }),
      ...(problem && { problem: problem.code }),
    };
  }

  #entryView({ index, term, kind, data }: LogEntry): EntryView {
    const at = { index, term, bytes: data.length };
    if (kind !== 'normal' || data.length === 0) return { ...at, kind };
    const entry = this.reader.entry({ group: this.group, term, index }, data);
    const opcode = entry.payload && payloadOpcode(entry.payload);
    return {
      ...at,
      kind: entry.kind,
      ...(entry.keyId !== undefined && { keyId: entry.keyId }),
      ...(opcode !== undefined && { what: OPCODE_NAMES.get(opcode) ?? `opcode ${opcode}` }),
      ...(entry.problem && { problem: entry.problem.code }),
    };
  }
}

async function openKek(path: string, parts: FileKekParts): Promise<FileKek> {
  const kek = new FileKek(path, parts);
  await kek.open();
  return kek;
}
