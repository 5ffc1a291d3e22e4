import { toHex } from '@caisson/base';
import { AesGcmCipher } from '@caisson/cipher-aes-gcm';
import { SnappyCompressor } from '@caisson/compressor-snappy';
import { CaissonError, type NodeIdentity, toCaissonError } from '@caisson/contracts';
import { HeldDirectory } from '@caisson/data-directory';
import { OfflineReader } from '@caisson/encryption';
import { parseSidecar, SIDECAR_BYTES_MAX } from '@caisson/formats';
import { FileKek } from '@caisson/kek-file';
import { RocksdbLogs } from '@caisson/log-rocksdb';
import { NodeDisk, NodeHashes, NodeRandom } from '@caisson/platform-node';
import { RocksdbStores } from '@caisson/store-rocksdb';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openOfflineParts } from '../backup-parts.js';
import { verifyBackup } from '../backup-verify.js';
import { mirrorDirectory } from '../mirror.js';
import { scanFiles, type ScannedFile } from './file-scan.js';
import { checkGroup, type GroupCheck } from './group-check.js';
import type { Needle } from './needles.js';
import { type DiskReport, isSignedBy, signReport, type SignedReport } from './report.js';

export interface DiskAuditOptions {
  readonly path: string;
  readonly kekPaths: readonly string[];
  readonly needles: readonly Needle[];
  readonly signal: AbortSignal;
  onFiles(doneBytes: number, totalBytes: number): void;
  onRows(doneBytes: number, totalBytes: number): void;
}

/** Looks at every byte of a directory, and opens whatever in it is sealed. Nothing in it is changed. */
export async function auditDisk(options: DiskAuditOptions): Promise<SignedReport> {
  const audit = await DiskAudit.open(options);
  try {
    return await audit.run();
  } finally {
    audit.close();
  }
}

/** Whether the holder of these KEKs, at this directory, wrote the report. */
export async function checkReport(
  signed: SignedReport,
  path: string,
  kekPaths: readonly string[],
): Promise<boolean> {
  const reader = await openReader(kekPaths);
  try {
    await loadKeys(reader, path, []);
    return isSignedBy(signed, reader);
  } finally {
    reader.close();
  }
}

interface Seen extends Pick<DiskReport, 'kind' | 'sidecarMac'> {
  readonly files: readonly ScannedFile[];
  readonly identity?: NodeIdentity;
  readonly groups?: readonly GroupCheck[];
}

/** Kinds of files whose rows are looked at one by one. */
const ROWS: ReadonlySet<string> = new Set(['store', 'log']);

class DiskAudit {
  readonly #options: DiskAuditOptions;
  readonly #reader: OfflineReader;
  readonly #findings: string[] = [];
  readonly #remarks: string[] = [];

  private constructor(options: DiskAuditOptions, reader: OfflineReader) {
    this.#options = options;
    this.#reader = reader;
  }

  static async open(options: DiskAuditOptions): Promise<DiskAudit> {
    return new DiskAudit(options, await openReader(options.kekPaths));
  }

  async run(): Promise<SignedReport> {
    const { path } = this.#options;
    const disk = new NodeDisk();
    if ((await disk.status(join(path, 'node.json'))) !== undefined) return this.#auditNode();
    const isBackup = (await disk.status(join(path, 'manifest'))) !== undefined;
    const files = await this.#scan();
    if (isBackup) await this.#checkBackup();
    return this.#sign({ kind: isBackup ? 'backup' : 'nothing of Caisson', files, sidecarMac: 'no sidecar' });
  }

  close(): void {
    this.#reader.close();
  }

  #judgeFiles(files: readonly ScannedFile[]): void {
    for (const { path, kind, needles, readsLikeText } of files) {
      for (const [line, times] of needles)
        this.#findings.push(`${path}: needle of line ${line} stands there ${times} times`);
      if (kind === 'of nobody') this.#remarks.push(`${path}: no file that Caisson writes`);
      if (kind === 'leftover') this.#remarks.push(`${path}: left by a write that broke off`);
      if (readsLikeText) this.#remarks.push(`${path}: parts of it read like text`);
    }
  }

  /** Held from before the first file is read until all is done, so that it cannot be started meanwhile. */
  async #auditNode(): Promise<SignedReport> {
    const { path, onRows } = this.#options;
    const mirror = await mirrorDirectory(path);
    const directory = new HeldDirectory(new NodeDisk(), mirror.path);
    try {
      await directory.open();
      const files = await this.#scan();
      const sidecarMac = await loadKeys(this.#reader, path, this.#findings);
      if (sidecarMac === 'wrong') this.#findings.push('the sidecar was edited: its MAC is wrong');
      const total = files.reduce((sum, { kind, bytes }) => sum + (ROWS.has(kind) ? bytes : 0), 0);
      const groups: GroupCheck[] = [];
      let done = 0;
      for (const id of await groupsOf(mirror.path)) {
        const check = await this.#checkGroup(directory, id, (bytes) => onRows((done += bytes), total));
        if (check) groups.push(check);
      }
      const { identity } = directory;
      return this.#sign({ kind: 'node', files, sidecarMac, identity, groups });
    } finally {
      await directory.close();
      await mirror.close();
    }
  }

  async #scan(): Promise<readonly ScannedFile[]> {
    const { path, needles, signal, onFiles } = this.#options;
    const files = await scanFiles(path, { needles, signal, onBytes: onFiles });
    this.#judgeFiles(files);
    return files;
  }

  #sign({ kind, files, sidecarMac, identity, groups = [] }: Seen): SignedReport {
    const { path, needles } = this.#options;
    const report: DiskReport = {
      format: 1,
      directory: path,
      kind,
      ...(identity && { node: identity.name, cluster: toHex(identity.clusterId) }),
      time: new Date().toISOString(),
      keyIds: this.#reader.keyIds,
      sidecarMac,
      files: files.map(({ path: name, kind: what, bytes, sha256, entropy }) => {
        return {
          path: name,
          kind: what,
          bytes,
          sha256,
          ...(entropy !== undefined && { entropy: rounded(entropy) }),
        };
      }),
      groups,
      needles: needles.length,
      findings: this.#findings,
      remarks: this.#remarks,
    };
    return signReport(report, this.#reader);
  }

  async #checkGroup(directory: HeldDirectory, id: number, onBytes: (bytes: number) => void) {
    const paths = directory.group(id);
    const open: { close(): Promise<void> }[] = [];
    try {
      const store = await new RocksdbStores().open(paths.store);
      open.push(store);
      const log = await new RocksdbLogs().open(paths.log);
      open.push(log);
      const { signal } = this.#options;
      const onFinding = (text: string) => void this.#findings.push(text);
      const parts = { reader: this.#reader, hashes: new NodeHashes(), signal, onFinding, onBytes };
      return await checkGroup({ id, store, log }, parts);
    } catch (error) {
      this.#options.signal.throwIfAborted();
      this.#findings.push(`group ${id}: cannot be read to its end: ${toCaissonError(error).code}`);
      return undefined;
    } finally {
      for (const each of open.reverse()) await each.close();
    }
  }

  async #checkBackup(): Promise<void> {
    const { path, kekPaths, signal, onRows } = this.#options;
    const parts = await openOfflineParts(kekPaths);
    try {
      const { authentic } = await verifyBackup(parts, { path, values: true, onBytes: onRows, signal });
      if (authentic !== 'yes')
        this.#remarks.push(`the backup is whole; whether it is genuine is ${authentic}`);
    } catch (error) {
      signal.throwIfAborted();
      const { code, details } = toCaissonError(error);
      this.#findings.push(`the backup cannot be proved: ${code} ${String(details['problem'] ?? '')}`.trim());
    }
  }
}

async function openReader(kekPaths: readonly string[]): Promise<OfflineReader> {
  const hashes = new NodeHashes();
  const ciphers = [new AesGcmCipher()];
  const keks: FileKek[] = [];
  for (const path of kekPaths) {
    const kek = new FileKek(path, { disk: new NodeDisk(), hashes, ciphers, random: new NodeRandom() });
    await kek.open();
    keks.push(kek);
  }
  return new OfflineReader({ keks, ciphers, hashes, compressor: new SnappyCompressor() });
}

async function loadKeys(
  reader: OfflineReader,
  path: string,
  findings: string[],
): Promise<DiskReport['sidecarMac']> {
  const bytes = await new NodeDisk().read(join(path, 'encryption', 'keys.json'), SIDECAR_BYTES_MAX);
  if (bytes === undefined) return 'no sidecar';
  try {
    const isRight = await reader.loadSidecar(parseSidecar(bytes));
    if (isRight === undefined) return 'unknown';
    return isRight ? 'right' : 'wrong';
  } catch (error) {
    findings.push(`the keys of the sidecar do not open: ${toCaissonError(error).code}`);
    return 'unknown';
  }
}

async function groupsOf(path: string): Promise<readonly number[]> {
  const names = await readdir(join(path, 'groups')).catch(() => []);
  const ids = names.map(Number).filter(Number.isSafeInteger);
  if (ids.length > 0) return ids.sort((a, b) => a - b);
  throw new CaissonError('INVALID_ARGUMENT', { field: 'data-dir', limit: 'a node that has run' });
}

function rounded(entropy: number): number {
  return Math.round(entropy * 100) / 100;
}
