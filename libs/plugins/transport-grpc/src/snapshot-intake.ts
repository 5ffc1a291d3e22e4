import {
  CaissonError,
  type IncomingSnapshot,
  isCaissonError,
  type Logger,
  type Peer,
  type RaftReceiver,
  toCaissonError,
} from '@caisson/contracts';
import type { peerProto } from '@caisson/formats';
import { Metadata, type ServerDuplexStream } from '@grpc/grpc-js';
import { ChunkStream } from './chunk-stream.js';
import type { Doorkeeper } from './doorkeeper.js';
import { toServiceError } from './errors.js';
import type { TransportMeters } from './meters.js';

type Call = ServerDuplexStream<peerProto.SnapshotRequest, peerProto.SnapshotResponse>;

const ID_BYTES = 16;

export interface SnapshotIntakeParts {
  readonly doorkeeper: Doorkeeper;
  readonly logger: Logger;
  readonly meters: TransportMeters;
  readonly receiver: () => RaftReceiver | undefined;
  readonly window: number;
}

/** One transfer on one call. */
class Transfer {
  readonly #controller = new AbortController();
  #chunks: ChunkStream | undefined;
  #isOver = false;
  /** Settles when the receiver is done with it, one way or the other. */
  done: Promise<void> = Promise.resolve();

  constructor(readonly call: Call) {}

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether every chunk has arrived. */
  get isWhole(): boolean {
    return this.#chunks?.isWhole === true;
  }

  receive(chunks: ChunkStream): void {
    this.#chunks = chunks;
  }

  take({ message }: peerProto.SnapshotRequest): void {
    const chunks = this.#chunks;
    if (!chunks)
      throw new CaissonError('MESSAGE_MALFORMED', { field: 'message', problem: 'comes too early' });
    if (message?.$case === 'chunk') chunks.push(message.value.number, plain(message.value.data));
    else if (message?.$case === 'end') chunks.end(message.value.chunks);
    else throw new CaissonError('MESSAGE_MALFORMED', { field: 'message' });
  }

  say(message: peerProto.SnapshotResponse['message']): void {
    if (!this.#isOver) this.call.write({ message });
  }

  finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.call.end();
  }

  /** Ends the transfer with an error that the sender is told, if it still listens. */
  abandon(error: CaissonError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.call.emit('error', toServiceError(error));
    this.#chunks?.fail(error);
    this.#controller.abort(error);
  }
}

/** Snapshots on their way in: one at a time per group and peer, the newest. */
export class SnapshotIntake {
  readonly #transfers = new Map<string, { readonly peer: bigint; readonly transfer: Transfer }>();

  constructor(private readonly parts: SnapshotIntakeParts) {}

  /** Serves one call to its end. */
  open(call: Call): void {
    const transfer = new Transfer(call);
    let isStarted = false;
    call.on('data', (request: peerProto.SnapshotRequest) => {
      if (transfer.isOver) return;
      try {
        if (isStarted) return transfer.take(request);
        isStarted = true;
        this.#start(transfer, request);
      } catch (error) {
        if (!isCaissonError(error)) throw error;
        transfer.abandon(error);
      }
    });
    const onBreak = (): void => transfer.abandon(broken());
    call.on('cancelled', onBreak);
    call.on('error', onBreak);
    call.on('end', () => {
      if (!transfer.isWhole) onBreak();
    });
  }

  /** Ends transfers of peers that are no longer admitted. */
  retain(isAdmitted: (peer: bigint) => boolean): void {
    for (const { peer, transfer } of this.#transfers.values()) {
      if (isAdmitted(peer)) continue;
      transfer.abandon(new CaissonError('PEER_REFUSED', { reason: 'it left the membership' }));
    }
  }

  #start(transfer: Transfer, { message }: peerProto.SnapshotRequest): void {
    if (message?.$case !== 'start') throw new CaissonError('MESSAGE_MALFORMED', { field: 'start' });
    const { hello, group, id, frame } = message.value;
    const peer = this.parts.doorkeeper.admit(transfer.call, hello);
    if (id.length !== ID_BYTES || group > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new CaissonError('MESSAGE_MALFORMED', { field: 'start' });
    }
    const from = peer.id;
    const incoming = { group: Number(group), from, id: plain(id), frame: plain(frame) };
    transfer.call.sendMetadata(new Metadata());
    const key = `${from}/${group}`;
    const former = this.#transfers.get(key)?.transfer;
    this.#transfers.set(key, { peer: from, transfer });
    former?.abandon(new CaissonError('CANCELLED', { reason: 'a newer transfer replaced it' }));
    transfer.done = this.#run(transfer, peer, incoming, former?.done).finally(() => {
      if (this.#transfers.get(key)?.transfer === transfer) this.#transfers.delete(key);
    });
  }

  /** Waits for the former transfer, so that the receiver serves one at a time. Never rejects. */
  async #run(
    transfer: Transfer,
    peer: Peer,
    incoming: IncomingSnapshot,
    former: Promise<void> | undefined,
  ): Promise<void> {
    try {
      await former;
      await this.#store(transfer, peer, incoming);
      transfer.say({ $case: 'stored', value: {} });
      transfer.finish();
    } catch (failure) {
      const error = toCaissonError(failure);
      const level = isCaissonError(error, 'INTERNAL') ? 'error' : 'info';
      const { group } = incoming;
      this.parts.logger.log(level, 'a snapshot did not arrive', { peer: peer.name, group, error: failure });
      transfer.abandon(error);
    }
  }

  async #store(transfer: Transfer, peer: Peer, incoming: IncomingSnapshot): Promise<void> {
    const { window, meters, doorkeeper } = this.parts;
    const receiver = this.parts.receiver();
    if (!receiver) throw new CaissonError('UNAVAILABLE', { reason: 'the node is starting' });
    const kept = await receiver.keptChunks(incoming);
    transfer.signal.throwIfAborted();
    const labels = { peer: peer.name };
    const chunks = new ChunkStream({
      first: kept,
      window,
      onTaken: (count, bytes) => {
        meters.snapshotBytesReceived.add(bytes, labels);
        transfer.say({ $case: 'taken', value: BigInt(count) });
      },
    });
    transfer.receive(chunks);
    const hello = doorkeeper.helloTo(peer.name);
    transfer.say({ $case: 'resume', value: { hello, kept: BigInt(kept), window } });
    await receiver.onSnapshot(incoming, chunks, transfer.signal);
  }
}

function broken(): CaissonError {
  return new CaissonError('UNAVAILABLE', { reason: 'the transfer broke off' });
}

function plain({ buffer, byteOffset, length }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}
