import { toHex } from '@caisson/base';
import { override } from '@caisson/compliance';
import type { Cipher, Disk, DiskFile, PreparedKey, RaftTransport } from '@caisson/contracts';
import { NodeHashes } from '@caisson/platform-node';
import type { RecordDisk } from '@caisson/simulator';
import { CountStreams } from '../ledger/count-streams.js';
import { type SealLedger, TextLedger } from '../ledger/seal-ledger.js';
import type { Trace } from '../trace/trace.js';
import type { Findings } from './findings.js';

/** What every value of a client begins with. */
export const CANARY = 'canary:';

const CANARY_BYTES = Buffer.from(CANARY);
const hashes = new NodeHashes();

type Seal = PreparedKey['seal'];

export interface SpyOptions {
  /** Whether no value may be seen. */
  readonly isEncrypted: boolean;
  readonly findings: Findings;
  readonly trace: Trace;
  /** Every text, where nothing is said. */
  readonly ledger?: SealLedger;
}

/**
 * Looks over the shoulders of all nodes, for all time: no two texts may be sealed under one key and nonce,
 * and in a cluster that encrypts no value may leave a process as it is, neither for a disk nor for a peer.
 */
export class Spy {
  /** Looked through for values. */
  bytesScanned = 0;
  seals = 0;
  readonly #isEncrypted: boolean;
  readonly #findings: Findings;
  readonly #trace: Trace;
  readonly #ledger: SealLedger;
  readonly #streams = new CountStreams();

  constructor({ findings, isEncrypted, ledger = new TextLedger(), trace }: SpyOptions) {
    this.#ledger = ledger;
    this.#isEncrypted = isEncrypted;
    this.#findings = findings;
    this.#trace = trace;
  }

  cipher(sound: Cipher): Cipher {
    const prepare: Cipher['prepare'] = (key) => {
      const name = toHex(hashes.sha256(key.reveal())).slice(0, 16);
      const prepared = sound.prepare(key);
      const note: (...args: Parameters<Seal>) => void = (nonce, aad, text) =>
        this.#note(name, nonce, aad, text);
      const seal: Seal = (...args) => {
        note(...args);
        return prepared.seal(...args);
      };
      const sealBehind: PreparedKey['sealBehind'] = (room, ...args) => {
        note(...args);
        return prepared.sealBehind!(room, ...args);
      };
      return override(prepared, { seal, ...(prepared.sealBehind !== undefined && { sealBehind }) });
    };
    return override(sound, { prepare });
  }

  /** Stores and logs are files on it, too. */
  disk<T extends RecordDisk>(sound: T): T {
    const broken = new Set<string>();
    const watched = (path: string, file: DiskFile): DiskFile =>
      override(file, {
        sync: () => this.#syncs(path, file, broken),
        write: (bytes, offset) => {
          this.#look(`the file ${path}`, bytes);
          return file.write(bytes, offset);
        },
      });
    const create: Disk['create'] = async (path) => {
      broken.delete(path);
      return watched(path, await sound.create(path));
    };
    const open: RecordDisk['open'] = async (path) => watched(path, await sound.open(path));
    return override<T>(sound, { create, open } as Partial<T>);
  }

  /** What a failed sync lost no later one brings back: a process that asks again means to believe it. */
  async #syncs(path: string, file: DiskFile, broken: Set<string>): Promise<void> {
    try {
      await file.sync();
    } catch (error) {
      this.#findings.saw('R12');
      broken.add(path);
      throw error;
    }
    this.#findings.saw('R12', broken.size > 0);
    if (broken.has(path)) this.#findings.add('R12', `${path} is synced again after a sync that failed`);
  }

  transport(sound: RaftTransport): RaftTransport {
    return override(sound, {
      send: (group, to, frame) => {
        this.#look('a frame', frame);
        sound.send(group, to, frame);
      },
      ask: (peer, question, signal) => {
        this.#look('a question', question);
        return sound.ask(peer, question, signal);
      },
      sendSnapshot: (group, to, snapshot, signal) => {
        const chunks = (first: number) => this.#chunks(snapshot.chunks(first));
        return sound.sendSnapshot(group, to, { id: snapshot.id, frame: snapshot.frame, chunks }, signal);
      },
    });
  }

  /** What somebody's own transport makes of all that. */
  wire(bytes: Uint8Array): void {
    this.#look('a connection', bytes);
  }

  async *#chunks(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.#look('a snapshot', chunk);
      yield chunk;
    }
  }

  #look(where: string, bytes: Uint8Array): void {
    const { buffer, byteOffset, length } = bytes;
    this.bytesScanned += length;
    this.#trace.note(where, bytes);
    const isThere = Buffer.from(buffer, byteOffset, length).includes(CANARY_BYTES);
    if (this.#isEncrypted && isThere) this.#findings.add('E5', `${where} holds a value as it is`);
  }

  #note(key: string, ...[nonce, aad, text]: Parameters<Seal>): void {
    this.seals++;
    const problem = this.#ledger.note(key, nonce, aad, text);
    if (problem !== undefined) this.#findings.add('E1', problem);
    const step = this.#streams.note(key, nonce);
    this.#findings.saw('E2');
    if (step !== undefined) this.#findings.add('E2', step);
  }
}
