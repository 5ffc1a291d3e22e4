import { CaissonError, isCaissonError, type Logger, type Peer, type RaftReceiver } from '@caisson/contracts';
import { decodeRaftFrames, peerProto } from '@caisson/formats';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { toServiceError } from './errors.js';
import type { Doorkeeper } from './doorkeeper.js';
import type { TransportMeters } from './meters.js';

type Call = ServerDuplexStream<peerProto.FramesRequest, peerProto.FramesResponse>;

export interface IntakeParts {
  readonly doorkeeper: Doorkeeper;
  readonly logger: Logger;
  readonly meters: TransportMeters;
  readonly receiver: () => RaftReceiver | undefined;
  /** A peer proved itself and begins to send. */
  readonly onPeer: (peer: Peer) => void;
}

/** The calls on which peers send their frames: one per peer, the newest. */
export class FrameIntake {
  readonly #calls = new Map<bigint, Call>();

  constructor(private readonly parts: IntakeParts) {}

  /** Serves one call to its end. */
  open(call: Call): void {
    let peer: Peer | undefined;
    let isOver = false;
    const end = (): void => {
      isOver = true;
      if (peer && this.#calls.get(peer.id) === call) this.#calls.delete(peer.id);
    };
    call.on('data', ({ message }: peerProto.FramesRequest) => {
      if (isOver) return;
      try {
        if (peer) this.#deliver(peer, message);
        else peer = this.#welcome(call, message);
      } catch (error) {
        // Anything else is a bug, and ends the process rather than the call.
        if (!isCaissonError(error)) throw error;
        this.parts.logger.log('warn', 'refused a peer', { peer: peer?.name, error });
        end();
        call.emit('error', toServiceError(error));
      }
    });
    call.on('end', () => {
      end();
      call.end();
    });
    call.on('error', end);
    call.on('cancelled', end);
  }

  /** Ends the calls of peers that are no longer admitted. */
  retain(isAdmitted: (peer: bigint) => boolean): void {
    for (const [id, call] of this.#calls) {
      if (isAdmitted(id)) continue;
      this.#calls.delete(id);
      call.emit(
        'error',
        toServiceError(new CaissonError('PEER_REFUSED', { reason: 'it left the membership' })),
      );
    }
  }

  #welcome(call: Call, message: peerProto.FramesRequest['message']): Peer {
    const hello = message?.$case === 'hello' ? message.value : undefined;
    const peer = this.parts.doorkeeper.admit(call, hello);
    const former = this.#calls.get(peer.id);
    this.#calls.set(peer.id, call);
    former?.end();
    call.write({ hello: this.parts.doorkeeper.helloTo(peer.name) });
    this.parts.onPeer(peer);
    return peer;
  }

  #deliver(peer: Peer, message: peerProto.FramesRequest['message']): void {
    if (message?.$case !== 'frames') throw new CaissonError('MESSAGE_MALFORMED', { field: 'message' });
    const { buffer, byteOffset, length } = message.value;
    const frames = decodeRaftFrames(new Uint8Array(buffer, byteOffset, length));
    const labels = { peer: peer.name };
    this.parts.meters.framesReceived.add(frames.length, labels);
    this.parts.meters.bytesReceived.add(length, labels);
    const receiver = this.parts.receiver();
    for (const { group, frame } of frames) receiver?.onFrame(group, peer.id, frame);
  }
}
