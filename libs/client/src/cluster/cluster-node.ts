import { CaissonError } from '@caisson/contracts';
import { clusterProto, grpcMethods, type GrpcMethod } from '@caisson/formats';
import { Client, connectivityState, Metadata, type Call, type ServiceError } from '@grpc/grpc-js';
import { channelCredentials, targetName } from '../credentials.js';
import type { ClientTls } from '../options.js';
import { fromServiceError } from '../service-error.js';

export const CLUSTER_METHODS = grpcMethods(clusterProto.ClusterDefinition, (bytes) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
);

/** How long a node may take to be reached before another one is tried. */
const CONNECT_MS = 5_000;

export interface NodeAccess {
  /** Without it connections are plaintext. */
  readonly tls?: ClientTls;
  /** Bearer token. */
  readonly token?: string;
}

export interface CallLimits {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

type Method<Request, Response> = GrpcMethod<Request, Response, Buffer>;

/** The cluster service of the node at one address. Connects when first called. */
export class ClusterNode {
  readonly #client: Client;
  readonly #metadata = new Metadata();

  constructor(
    readonly address: string,
    { tls, token }: NodeAccess,
  ) {
    this.#client = new Client(address, channelCredentials(tls, address), {
      'grpc.keepalive_time_ms': 20_000,
      'grpc.keepalive_timeout_ms': 10_000,
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 1_000,
      'grpc.use_local_subchannel_pool': 1,
      ...targetName(tls, address),
    });
    if (token !== undefined) this.#metadata.set('authorization', `Bearer ${token}`);
  }

  async ask<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    limits: CallLimits,
  ): Promise<Response> {
    const { path, requestSerialize, responseDeserialize } = method;
    limits.signal?.throwIfAborted();
    let watch: CallWatch | undefined;
    try {
      return await new Promise<Response>((resolve, reject) => {
        const options = { deadline: Date.now() + limits.deadlineMs };
        const answer = (error: ServiceError | null, response?: Response) =>
          error ? reject(error) : resolve(response!);
        const call = this.#client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          request,
          this.#metadata,
          options,
          answer,
        );
        watch = this.#watch(call, limits.signal);
      });
    } catch (error) {
      throw this.#failure(error as ServiceError, watch);
    } finally {
      watch?.end();
    }
  }

  /** The messages of a streamed answer. Leaving the loop cancels the call. */
  async *follow<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    { deadlineMs, signal }: CallLimits,
  ): AsyncGenerator<Response, void, undefined> {
    const { path, requestSerialize, responseDeserialize } = method;
    signal?.throwIfAborted();
    const call = this.#client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      this.#metadata,
      { deadline: Date.now() + deadlineMs },
    );
    const watch = this.#watch(call, signal);
    try {
      for await (const message of call as AsyncIterable<Response>) yield message;
    } catch (error) {
      throw this.#failure(error as ServiceError, watch);
    } finally {
      watch.end();
      call.cancel();
    }
  }

  /** Whether there is a connection right now. */
  get isConnected(): boolean {
    return this.#client.getChannel().getConnectivityState(false) === connectivityState.READY;
  }

  close(): void {
    this.#client.close();
  }

  #watch(call: Call, signal: AbortSignal | undefined): CallWatch {
    const cancel = () => call.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    const watch: CallWatch = {
      isUnreachable: false,
      signal,
      end: () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', cancel);
      },
    };
    const timer = setTimeout(() => {
      if (this.isConnected) return;
      watch.isUnreachable = true;
      cancel();
    }, CONNECT_MS);
    return watch;
  }

  #failure(error: ServiceError, watch: CallWatch | undefined): unknown {
    if (typeof error.code !== 'number') return error;
    if (watch?.signal?.aborted) return new CaissonError('CANCELLED', {}, { cause: watch.signal.reason });
    const failure = fromServiceError(error, this.address);
    const isBroken = failure.code === 'CANCELLED' && failure.details['grpc'] !== undefined;
    if (!isBroken) return failure;
    // Nobody here gave up: the server went away under the call, or was never there.
    const reason = watch?.isUnreachable ? `no connection within ${CONNECT_MS} ms` : error.details;
    return new CaissonError('UNAVAILABLE', { ...failure.details, reason });
  }
}

interface CallWatch {
  isUnreachable: boolean;
  readonly signal: AbortSignal | undefined;
  end(): void;
}
