import { CaissonError } from '@caisson/contracts';
import { grpcMethods, proto } from '@caisson/formats';
import { Client, connectivityState, Metadata, status as GrpcStatus, type StatusObject } from '@grpc/grpc-js';
import type { FrameListener, FrameStream } from './channel.js';
import { channelCredentials } from './credentials.js';
import { MESSAGE_BYTES_MAX_DEFAULT, type ClientOptions } from './options.js';
import { fromServiceError, isTooLarge } from './service-error.js';

const METHODS = grpcMethods(proto.KvDefinition, (bytes) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
);

/** What a node says of itself. */
export type NodeStatus = proto.StatusResponse;

/** One gRPC channel to one address. Connects when first used and again after a break. */
export class GrpcConnection {
  readonly #client: Client;
  readonly #metadata = new Metadata();
  #closed = false;

  constructor(private readonly options: ClientOptions) {
    const bytes = options.messageBytesMax ?? MESSAGE_BYTES_MAX_DEFAULT;
    const { serverName } = options.tls ?? {};
    this.#client = new Client(options.address, channelCredentials(options.tls), {
      'grpc.max_receive_message_length': bytes,
      'grpc.max_send_message_length': bytes,
      'grpc.keepalive_time_ms': 20_000,
      'grpc.keepalive_timeout_ms': 10_000,
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 2_000,
      // Clients of one process must not share connections behind each other's back.
      'grpc.use_local_subchannel_pool': 1,
      ...(serverName && { 'grpc.ssl_target_name_override': serverName }),
    });
    if (options.token !== undefined) this.#metadata.set('authorization', `Bearer ${options.token}`);
  }

  openStream(listener: FrameListener): FrameStream {
    const { path, requestSerialize, responseDeserialize } = METHODS.stream;
    const call = this.#client.makeBidiStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      this.#metadata,
    );
    call.on('data', (frame: proto.Frame) => listener.onFrame(frame.messages));
    // The status event follows both an error and an orderly end, so it alone ends the stream.
    call.on('error', () => undefined);
    call.on('status', (status: StatusObject) => listener.onEnd(this.#streamEnd(status), isTooLarge(status)));
    return {
      send: (messages) => void call.write({ messages }),
      end: () => call.cancel(),
    };
  }

  async status({ deadlineMs, signal }: { deadlineMs: number; signal: AbortSignal }): Promise<NodeStatus> {
    const { path, requestSerialize, responseDeserialize } = METHODS.status;
    const deadline = Date.now() + deadlineMs;
    signal.throwIfAborted();
    if (this.#closed) throw new CaissonError('CANCELLED', { reason: 'the client is closed' });
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        {},
        this.#metadata,
        { deadline },
        (error, response) =>
          error ? reject(fromServiceError(error, this.options.address)) : resolve(response!),
      );
      signal.addEventListener('abort', () => call.cancel(), { once: true });
    });
  }

  /** Whether there is a connection right now. */
  get isConnected(): boolean {
    return this.#client.getChannel().getConnectivityState(false) === connectivityState.READY;
  }

  close(): void {
    this.#closed = true;
    this.#client.close();
  }

  #streamEnd(status: StatusObject): CaissonError {
    const error = fromServiceError(status, this.options.address);
    return status.code === GrpcStatus.OK ? new CaissonError('DRAINING', {}, { cause: error }) : error;
  }
}
