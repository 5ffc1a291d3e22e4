import { AesGcmCipher } from '@caisson/cipher-aes-gcm';
import {
  type Clock,
  type DataDirectory,
  type Disk,
  type Faults,
  type GroupApplier,
  type IncomingSnapshot,
  type KekProvider,
  type NodeIdentity,
  type RaftLog,
  type RaftLogs,
  Secret,
  type UntrustedStores,
} from '@caisson/contracts';
import { concatBytes, toUtf8 } from '@caisson/base';
import {
  bootstrapPayload,
  enablingPayload,
  EncryptionApplier,
  type GroupSession,
  LocalKek,
  NodeEncryption,
  NodeStates,
  rotationPayload,
} from '@caisson/encryption';
import { encodeHeader, encodeIndexRow, encodeTimestampRow, SYSTEM_KEYS, versionKey } from '@caisson/formats';
import { NodeHashes, NodeRandom } from '@caisson/platform-node';
import type { GroupSnapshots } from '../consensus/snapshot-ports.js';
import { genesisApplier, genesisPayload } from '../genesis/genesis-applier.js';
import { StoredSnapshots } from '../snapshots/stored-snapshots.js';
import { quiet } from './membership-bench.js';

export const hashes = new NodeHashes();
export const random = new NodeRandom();
const ciphers = [new AesGcmCipher()];
const faults: Faults = { degraded: () => undefined, recovered: () => undefined, fatal: () => undefined };
const clock = { nowMs: () => 1_700_000_000_000, monotonicMs: () => 0 } as Clock;

/** What outlives a process. */
export interface Media {
  readonly path: string;
  readonly disk: Disk;
  readonly stores: UntrustedStores;
  readonly logs: RaftLogs;
}

export interface SnapshotNodeOptions {
  readonly name?: string;
  readonly clusterId?: Uint8Array;
  /** The byte its KEK is made of; none means that encryption is off. */
  readonly kek?: number | undefined;
  readonly birth?: NodeIdentity['birth'];
  readonly group?: number;
}

export const TERM = 3;

/** A node with one group and no engine: entries are applied by order of the test. */
export class SnapshotNode {
  applied = 0;

  private constructor(
    readonly group: number,
    readonly encryption: NodeEncryption,
    readonly session: GroupSession,
    readonly log: RaftLog,
    readonly snapshots: GroupSnapshots,
    private readonly appliers: readonly GroupApplier[],
  ) {}

  static async start(media: Media, options: SnapshotNodeOptions = {}): Promise<SnapshotNode> {
    const { group = 1, kek = 1 } = options;
    const enabled = !('kek' in options) || options.kek !== undefined;
    const { name = 'n1', clusterId = new Uint8Array(16).fill(7) } = options;
    const birth = options.birth ?? (enabled ? 'encrypted' : 'clear');
    const directory = directoryAt(media, { name, clusterId, format: 1, birth });
    const config = { enabled, envelopeVersion: 2 };
    const keks = enabled ? [localKek(kek)] : [];
    const { disk, stores } = media;
    const encryption = new NodeEncryption({
      disk,
      stores,
      config,
      directory,
      keks,
      ciphers,
      hashes,
      random,
      clock,
      faults,
      logger: quiet,
    });
    await media.disk.makeDirectory(media.path);
    await encryption.open();
    const states = new NodeStates(encryption);
    const stored = new StoredSnapshots({ states, disk, directory, hashes, random, logger: quiet });
    const log = await media.logs.open(directory.group(group).log);
    await stored.finish(group, log);
    const session = await encryption.openGroup(group);
    await session.beginSealing({ last: log.last });
    const opened = { id: group, store: session.store };
    const appliers = [
      await genesisApplier(() => directory.identity).open(opened),
      await new EncryptionApplier(encryption).open(opened),
    ];
    return new SnapshotNode(group, encryption, session, log, stored.group(group), appliers);
  }

  /** The first entry, and the ones that turn encryption on. */
  async found(): Promise<this> {
    const { encryption, session } = this;
    await this.#apply(0, genesisPayload(encryption.parts.directory.identity, this.group));
    if (!encryption.enabled) return this;
    await this.#apply(1, await bootstrapPayload(encryption, session));
    await this.#apply(1, await enablingPayload(encryption, session, 'storage'));
    await this.#apply(1, await enablingPayload(encryption, session, 'raft'));
    return this;
  }

  async rotate(): Promise<void> {
    await this.#apply(1, await rotationPayload(this.encryption, this.session, { purpose: 'storage' }));
  }

  async put(key: string, value: string | Uint8Array): Promise<void> {
    const index = ++this.applied;
    const body = typeof value === 'string' ? toUtf8(value) : value;
    const header = encodeHeader({ tombstone: false, state: 'clear', expireAt: 0n });
    const batch = this.session.store.batch();
    batch.put(versionKey(toUtf8(key), BigInt(index)), concatBytes(header, body));
    batch.put(SYSTEM_KEYS.lastCommitTs, encodeTimestampRow(BigInt(index)));
    await batch.put(SYSTEM_KEYS.appliedIndex, encodeIndexRow(index)).write({ sync: false });
  }

  /** Everything replicated, opened: two nodes at one index agree on it. */
  async content(): Promise<readonly string[]> {
    const view = this.session.store.view();
    const cursor = view.scan({ from: Uint8Array.of(1), to: Uint8Array.of(6) });
    const rows: string[] = [];
    for (let pairs = await cursor.next(); pairs.length > 0; pairs = await cursor.next()) {
      for (const { key, value } of pairs) rows.push(`${text(key)}=${text(value)}`);
    }
    await view.close();
    return rows;
  }

  async stop(): Promise<void> {
    await this.snapshots.close();
    await this.session.close();
    this.encryption.close();
    await this.log.close();
  }

  async #apply(applier: number, payload: Uint8Array): Promise<void> {
    const index = this.applied + 1;
    const batch = this.session.store.batch();
    const entry = { group: this.group, term: TERM, index, proposalId: 1n, payload };
    const outcome = await this.appliers[applier]!.apply(entry, batch);
    if (outcome.kind === 'refused') throw outcome.error;
    await batch.put(SYSTEM_KEYS.appliedIndex, encodeIndexRow(index)).write({ sync: true });
    this.appliers[applier]!.written();
    this.applied = index;
  }
}

export interface SentSnapshot {
  readonly incoming: IncomingSnapshot;
  readonly pieces: readonly Uint8Array[];
  readonly point: { readonly index: number; readonly term: number };
}

/** What a node would send now, held in memory. */
export async function snapshotOf(node: SnapshotNode): Promise<SentSnapshot> {
  const point = { index: node.applied, term: TERM };
  const { outgoing, close } = await node.snapshots
    .open(point, toUtf8('frame'))
    .then((opened) => ({ outgoing: opened.outgoing, close: () => opened.close() }));
  const pieces: Uint8Array[] = [];
  for await (const piece of outgoing.chunks(0)) pieces.push(piece.slice());
  await close();
  return { incoming: { group: node.group, from: 1n, id: outgoing.id, frame: outgoing.frame }, pieces, point };
}

export async function* from(pieces: readonly Uint8Array[], first = 0): AsyncGenerator<Uint8Array, void> {
  for (const piece of pieces.slice(first)) yield piece;
}

export async function installOn(
  node: SnapshotNode,
  { incoming, pieces, point }: SentSnapshot,
): Promise<void> {
  const verified = await node.snapshots.receive(incoming, from(pieces), new AbortController().signal);
  await verified.install(node.log, { term: node.log.hardState.term, vote: node.log.hardState.vote });
  node.applied = point.index;
}

function directoryAt({ path, disk }: Media, identity: NodeIdentity): DataDirectory {
  const group = (id: number, part: string) => disk.join(path, 'groups', String(id), part);
  return {
    path,
    identity,
    encryptionPath: disk.join(path, 'encryption'),
    group: (id) => ({ log: group(id, 'log'), store: group(id, 'store'), snapshots: group(id, 'snapshots') }),
  };
}

function localKek(byte: number): KekProvider {
  const key = new Secret(new Uint8Array(32).fill(byte));
  return new LocalKek({ provider: 'file', key, ciphers, hashes, random });
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
