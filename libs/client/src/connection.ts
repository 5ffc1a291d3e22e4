import { CaissonError, isCaissonError } from '@caisson/contracts';
import { grpcMethods, proto } from '@caisson/formats';
import {
  Client,
  connectivityState,
  Metadata,
  status as GrpcStatus,
  type ClientOptions as ChannelOptions,
  type StatusObject,
} from '@grpc/grpc-js';
import type { FrameListener, FrameStream } from './channel.js';
import { channelCredentials, targetName } from './credentials.js';
import { CONNECT_MS_DEFAULT, MESSAGE_BYTES_MAX_DEFAULT, type ClientOptions } from './options.js';
import { fromServiceError, isTooLarge } from './service-error.js';

const METHODS = grpcMethods(proto.KvDefinition, (bytes) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
);

/** What a node says of itself. */
export type NodeStatus = proto.StatusResponse;

/** How soon a silent node counts as lost. With nowhere else to go there is no hurry. */
const PATIENT = { 'grpc.keepalive_time_ms': 20_000, 'grpc.keepalive_timeout_ms': 10_000 };
const WATCHFUL = { 'grpc.keepalive_time_ms': 1_000, 'grpc.keepalive_timeout_ms': 3_000 };

export interface GrpcConnectionOptions extends Omit<ClientOptions, 'address'> {
  readonly address: string;
  /** Whether there are other nodes to go to when this one falls silent. */
  readonly hasOthers?: boolean;
}

/** One gRPC channel to one address. Connects when first used and again after a break. */
export class GrpcConnection {
  readonly #options: GrpcConnectionOptions;
  readonly #metadata = new Metadata();
  #client: Client;
  #connecting: Promise<void> | undefined;
  #closed = false;

  constructor(options: GrpcConnectionOptions) {
    this.#options = options;
    this.#client = this.#open();
    if (options.token !== undefined) this.#metadata.set('authorization', `Bearer ${options.token}`);
  }

  /**
   * `undefined` while there is a connection; else resolves once there is one. Rejects with `UNAVAILABLE` and
   * `sent: false` when the node cannot be reached: nothing that waited here was sent.
   */
  ready(): Promise<void> | undefined {
    if (this.isConnected) return undefined;
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
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
    if (this.#closed) throw closedError();
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        {},
        this.#metadata,
        { deadline },
        (error, response) =>
          error ? reject(fromServiceError(error, this.#options.address)) : resolve(response!),
      );
      signal.addEventListener('abort', () => call.cancel(), { once: true });
    });
  }

  /** Whether there is a connection right now. */
  get isConnected(): boolean {
    return !this.#closed && this.#client.getChannel().getConnectivityState(false) === connectivityState.READY;
  }

  close(): void {
    this.#closed = true;
    this.#client.close();
  }

  #open(): Client {
    const { address, tls, hasOthers = false, messageBytesMax } = this.#options;
    const bytes = messageBytesMax ?? MESSAGE_BYTES_MAX_DEFAULT;
    const options: ChannelOptions = {
      'grpc.max_receive_message_length': bytes,
      'grpc.max_send_message_length': bytes,
      ...(hasOthers ? WATCHFUL : PATIENT),
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 200,
      // Clients of one process must not share connections behind each other's back.
      'grpc.use_local_subchannel_pool': 1,
      ...targetName(tls, address),
    };
    return new Client(address, channelCredentials(tls, address), options);
  }

  async #connect(): Promise<void> {
    const { connectMs = CONNECT_MS_DEFAULT } = this.#options;
    const deadline = Date.now() + connectMs;
    while (!this.#closed) {
      const channel = this.#client.getChannel();
      const state = channel.getConnectivityState(true);
      if (state === connectivityState.READY) return;
      if (state === connectivityState.TRANSIENT_FAILURE) return this.#explain(deadline);
      const isNews = await new Promise<boolean>((resolve) =>
        channel.watchConnectivityState(state, deadline, (error) => resolve(error === undefined)),
      );
      if (!isNews && !this.#closed) throw this.#givenUp(connectMs);
    }
    throw closedError();
  }

  /** A call on a broken connection fails at once, and says what broke it. */
  async #explain(deadline: number): Promise<void> {
    const { signal } = new AbortController();
    try {
      await this.status({ deadlineMs: deadline - Date.now(), signal });
    } catch (error) {
      const { details } = error as CaissonError;
      if (isCaissonError(error, 'UNAVAILABLE') && details['grpc'] !== undefined) throw unsent(error);
      if (this.#closed) throw closedError();
      if (!this.isConnected) throw unsent(this.#unavailable({ reason: 'no connection' }));
    }
  }

  /** An attempt that came to nothing in time would hold up the next one far longer. */
  #givenUp(connectMs: number): CaissonError {
    this.#client.close();
    this.#client = this.#open();
    return unsent(this.#unavailable({ reason: `no connection within ${connectMs} ms` }));
  }

  #streamEnd(status: StatusObject): CaissonError {
    const error = fromServiceError(status, this.#options.address);
    if (status.code === GrpcStatus.OK) return new CaissonError('DRAINING', {}, { cause: error });
    // Nobody here gave up the stream of everybody: the node did, or its process ended.
    const isCut = isCaissonError(error, 'CANCELLED') && error.details['grpc'] !== undefined;
    return isCut ? this.#unavailable({ reason: status.details }) : error;
  }

  #unavailable(details: Readonly<Record<string, string>>): CaissonError {
    return new CaissonError('UNAVAILABLE', { address: this.#options.address, ...details });
  }
}

function unsent({ details }: CaissonError): CaissonError {
  return new CaissonError('UNAVAILABLE', { ...details, sent: false });
}

function closedError(): CaissonError {
  return new CaissonError('CANCELLED', { reason: 'the client is closed' });
}
