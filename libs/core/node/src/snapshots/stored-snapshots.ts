import { equalBytes, invariant } from '@caisson/base';
import {
  CaissonError,
  type DataDirectory,
  type Disk,
  type Hashes,
  type IncomingSnapshot,
  type IncomingState,
  isCaissonError,
  type Logger,
  type RaftLog,
  type Random,
  type StoredStates,
  type StoredView,
} from '@caisson/contracts';
import type { SnapshotHeader } from '@caisson/formats';
import type {
  GroupSnapshots,
  NodeSnapshots,
  OpenSnapshot,
  SnapshotPoint,
  VerifiedSnapshot,
} from '../consensus/snapshot-ports.js';
import { Installation } from './installation.js';
import { OutgoingStream } from './outgoing-stream.js';
import { ReceivedPieces } from './received-pieces.js';
import { ReceivedSnapshot } from './received-snapshot.js';
import { readClaims, requireClaims } from './snapshot-claims.js';
import { headerInPiece, StreamReader } from './stream-reader.js';

const ID_BYTES = 16;

export interface StoredSnapshotsParts {
  readonly states: StoredStates;
  readonly disk: Disk;
  readonly directory: DataDirectory;
  readonly hashes: Hashes;
  readonly random: Random;
  readonly logger: Logger;
}

/** Snapshots of the groups of a node, over what its stores hold. */
export class StoredSnapshots implements NodeSnapshots {
  readonly #parts: StoredSnapshotsParts;

  constructor(parts: StoredSnapshotsParts) {
    this.#parts = parts;
  }

  /** Of an open group. */
  group(id: number): GroupSnapshots {
    return new StoredGroupSnapshots(this.#parts, id);
  }

  async finish(group: number, log: RaftLog, signal?: AbortSignal): Promise<void> {
    const { states } = this.#parts;
    const installation = installationOf(this.#parts, group);
    const intent = await installation.pending();
    // What was received stays: a transfer may go on from it. What it was filled into does not.
    if (intent === undefined) await states.clear(group);
    else await installation.carryOut(intent, log, () => states.finish(group, signal));
  }
}

class StoredGroupSnapshots implements GroupSnapshots {
  readonly #parts: StoredSnapshotsParts;
  readonly #group: number;
  readonly #open = new Set<OpenSnapshot>();
  #isClosed = false;

  constructor(parts: StoredSnapshotsParts, group: number) {
    this.#parts = parts;
    this.#group = group;
  }

  async open(point: SnapshotPoint, frame: Uint8Array): Promise<OpenSnapshot> {
    const { states, hashes, random } = this.#parts;
    const view = states.view(this.#group, 'snapshot');
    try {
      const header = await this.#headerOf(view, point);
      const stream = new OutgoingStream({
        id: random.bytes(ID_BYTES),
        frame,
        view,
        header,
        hashes,
        onClosed: () => void this.#open.delete(stream),
      });
      this.#open.add(stream);
      return stream;
    } catch (error) {
      await view.close();
      throw error;
    }
  }

  async keptChunks({ id }: IncomingSnapshot): Promise<number> {
    const pieces = this.#pieces(id);
    await pieces.open();
    return pieces.next;
  }

  async receive(
    incoming: IncomingSnapshot,
    chunks: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<VerifiedSnapshot> {
    const pieces = this.#pieces(incoming.id);
    await pieces.open();
    const stream = this.#keeping(pieces, chunks, signal);
    try {
      return await this.#verify(stream, signal);
    } catch (error) {
      // What failed first is what counts, not what fails while the rest is put away.
      await stream.return().catch(() => undefined);
      // A stream that was refused is of no use a second time; one that broke off goes on where it ended.
      if (isRefusal(error)) await installationOf(this.#parts, this.#group).tidy();
      throw error;
    }
  }

  tidy(): Promise<void> {
    return installationOf(this.#parts, this.#group).tidy();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const stream of [...this.#open]) await stream.close();
  }

  async #headerOf(view: StoredView, { index, term }: SnapshotPoint): Promise<SnapshotHeader> {
    const claims = await readClaims(view);
    invariant('NODE-20', claims.index === index, 'a snapshot is announced at the index its store stands at');
    return { ...claims, group: this.#group, term };
  }

  /** What is kept already, then what comes, which is kept as well while its reader is busy with it. */
  async *#keeping(
    pieces: ReceivedPieces,
    chunks: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, void> {
    let isFirst = pieces.next === 0;
    yield* pieces.content();
    try {
      for await (const piece of chunks) {
        this.#refuseToGoOn(signal);
        if (isFirst) this.#refuseForeign(headerInPiece(piece));
        isFirst = false;
        await pieces.add(piece);
        yield piece;
      }
    } finally {
      await pieces.flush();
    }
  }

  /**
   * Fills the state beside the one in use while the stream arrives; believed is none of it before its end.
   */
  async #verify(stream: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<VerifiedSnapshot> {
    const { states, hashes } = this.#parts;
    const reader = new StreamReader(stream, hashes);
    const header = await reader.header();
    this.#refuseForeign(header);
    const state = await states.receive(this.#group);
    try {
      await this.#fill(state, reader, signal);
      await requireClaims(header, state).catch(rethrowDamage);
      await state.verify(reader.proof, signal);
      return new ReceivedSnapshot(header, state, installationOf(this.#parts, this.#group));
    } catch (error) {
      await state.discard();
      throw error;
    }
  }

  async #fill(state: IncomingState, reader: StreamReader, signal: AbortSignal): Promise<void> {
    for await (const pairs of reader.chunks()) {
      this.#refuseToGoOn(signal);
      await state.add(pairs);
    }
  }

  #refuseToGoOn(signal: AbortSignal): void {
    signal.throwIfAborted();
    if (this.#isClosed) throw new CaissonError('DRAINING', { group: this.#group });
  }

  #refuseForeign(header: SnapshotHeader | undefined): void {
    if (header === undefined) return;
    const { clusterId } = this.#parts.directory.identity;
    if (!equalBytes(header.clusterId, clusterId)) {
      throw new CaissonError('CLUSTER_MISMATCH', {
        group: this.#group,
        problem: 'a snapshot of another cluster',
      });
    }
    if (header.group !== this.#group) {
      const details = { group: this.#group, field: 'group', problem: `is of group ${header.group}` };
      throw new CaissonError('SNAPSHOT_INVALID', details);
    }
  }

  #pieces(id: Uint8Array): ReceivedPieces {
    const { disk, directory } = this.#parts;
    return new ReceivedPieces(disk, directory.group(this.#group).snapshots, id);
  }
}

function installationOf(parts: StoredSnapshotsParts, group: number): Installation {
  return new Installation({ ...parts, group, snapshots: parts.directory.group(group).snapshots });
}

/** What the stream itself is to blame for; keeping its pieces would only repeat the refusal. */
function isRefusal(error: unknown): boolean {
  const codes = ['SNAPSHOT_INVALID', 'CLUSTER_MISMATCH', 'KEY_CONFLICT'] as const;
  return codes.some((code) => isCaissonError(error, code));
}

function rethrowDamage(error: unknown): never {
  if (!isCaissonError(error, 'CORRUPTION')) throw error;
  throw new CaissonError('SNAPSHOT_INVALID', error.details, { cause: error });
}
