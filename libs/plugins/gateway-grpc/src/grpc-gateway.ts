import {
  CaissonError,
  type Clock,
  type DataDirectory,
  type Disk,
  type EncryptionService,
  type Gateway,
  type Hashes,
  type Health,
  type HealthReport,
  type KvService,
  type Logger,
  type ReplicationEngine,
  type Role,
  type Secrets,
} from '@caisson/contracts';
import { grpcMethods, proto, protoDescriptors } from '@caisson/formats';
import { Server, type handleUnaryCall, type ServerUnaryCall } from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';
import { AccessPolicy } from './access.js';
import type { GatewayGrpcConfig } from './config.js';
import { isLoopback, loadCredentials, refuseExposedPlaintext } from './credentials.js';
import { startDeadline } from './deadlines.js';
import {
  fromGetResponse,
  fromScanResponse,
  fromWriteResponse,
  toGetRequest,
  toPrefixWrite,
  toScanRequest,
  toWriteRequest,
} from './kv-messages.js';
import { KvStream } from './kv-stream.js';
import { listen } from './listen.js';
import { nodeStatus } from './node-status.js';
import { toServiceError } from './status.js';

type ServerCall = Pick<ServerUnaryCall<unknown, unknown>, 'metadata' | 'getAuthContext' | 'getDeadline'>;

const METHODS = grpcMethods(proto.KvDefinition, (bytes) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
);
const SERVICE = proto.KvDefinition.fullName;
const VERSION = '0.1.0';
const KEEPALIVE_MS_MIN = 5_000;
/** How long the last answers may take to leave once all are given. */
const FAREWELL_MS = 500;

export interface GatewayParts {
  readonly kv: KvService;
  readonly engine: ReplicationEngine;
  readonly encryption: EncryptionService;
  readonly directory: DataDirectory;
  readonly health: Health;
  readonly clock: Clock;
  readonly hashes: Hashes;
  readonly disk: Disk;
  readonly secrets: Secrets;
  readonly logger: Logger;
}

/** `caisson.v1.Kv` with health and reflection. Listening from `start` to `stop`. */
export class GrpcGateway implements Gateway {
  readonly name = 'grpc';
  readonly #server: Server;
  readonly #health = new HealthImplementation({ '': 'NOT_SERVING', [SERVICE]: 'NOT_SERVING' });
  readonly #access: AccessPolicy;
  readonly #streams = new Set<KvStream>();
  #addresses: readonly string[] = [];
  #draining = false;
  #unaryCalls = 0;
  #onAnswered: () => void = () => undefined;

  constructor(
    private readonly config: GatewayGrpcConfig,
    private readonly parts: GatewayParts,
  ) {
    this.#access = new AccessPolicy(config, parts.hashes);
    const { messageBytesMax } = config.limits;
    this.#server = new Server({
      'grpc.max_receive_message_length': messageBytesMax,
      'grpc.max_send_message_length': messageBytesMax,
      'grpc.http2.min_recv_ping_interval_without_data_ms': KEEPALIVE_MS_MIN,
    });
  }

  get addresses(): readonly string[] {
    return this.#addresses;
  }

  async start(): Promise<void> {
    refuseExposedPlaintext(this.config);
    await this.#access.load(this.parts.secrets);
    const credentials = await loadCredentials(this.config, this.parts);
    this.#server.addService(METHODS, this.#handlers());
    this.#health.addToServer(this.#server);
    if (this.config.reflection) {
      const descriptors = loadFileDescriptorSetFromBuffer(Buffer.from(protoDescriptors()));
      new ReflectionService(descriptors).addToServer(this.#server);
    }
    this.#addresses = [await listen(this.#server, this.config.listen, credentials)];
    this.#setServing('SERVING');
  }

  /**
   * Health says so first, what is in flight is answered, then the listener closes. Calls that end only when
   * the client wants, such as a watch of the health, are owed no answer and are not waited for.
   */
  async drain(signal: AbortSignal): Promise<void> {
    this.#draining = true;
    this.#setServing('NOT_SERVING');
    for (const stream of this.#streams) stream.drain();
    const closed = new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()));
    const aborted = new Promise<void>((resolve) =>
      signal.addEventListener('abort', () => resolve(), { once: true }),
    );
    let cancel = (): void => undefined;
    const farewell = new Promise<void>((resolve) => {
      const answered = this.#untilAnswered();
      void answered.then(() => (cancel = this.parts.clock.after(FAREWELL_MS, resolve)));
    });
    await Promise.race([closed, aborted, farewell]);
    cancel();
  }

  stop(): void {
    this.#server.forceShutdown();
    this.#addresses = [];
  }

  /** Plaintext on a reachable address is allowed knowingly, and never quietly. */
  healthReport(): HealthReport {
    if (this.config.insecure && !this.config.tls && !isLoopback(this.config.listen)) {
      return { status: 'degraded', reason: 'insecure: true, clients talk plaintext on a reachable address' };
    }
    return { status: 'ok' };
  }

  #untilAnswered(): Promise<void> {
    return new Promise((resolve) => {
      this.#onAnswered = () => {
        if (this.#streams.size === 0 && this.#unaryCalls === 0) resolve();
      };
      this.#onAnswered();
    });
  }

  #setServing(status: 'SERVING' | 'NOT_SERVING'): void {
    this.#health.setStatus('', status);
    this.#health.setStatus(SERVICE, status);
  }

  #handlers() {
    const { kv } = this.parts;
    return {
      get: this.#unary('reader', async (request: proto.GetRequest, signal) =>
        fromGetResponse(await kv.get(toGetRequest(request), { signal })),
      ),
      scan: this.#unary('reader', async (request: proto.ScanRequest, signal) =>
        fromScanResponse(await kv.scan(toScanRequest(request), { signal })),
      ),
      write: this.#unary('writer', async (request: proto.WriteRequest, signal) =>
        fromWriteResponse(await kv.write(toWriteRequest(request), { signal })),
      ),
      deletePrefix: this.#unary('writer', async (request: proto.DeletePrefixRequest, signal) =>
        fromWriteResponse(await kv.write(toPrefixWrite(request), { signal })),
      ),
      begin: this.#unary('reader', async (_: proto.BeginRequest, signal) => kv.begin({ signal })),
      status: this.#unary('reader', async (_: proto.StatusRequest) => nodeStatus(this.parts, VERSION)),
      stream: (call: ConstructorParameters<typeof KvStream>[0]) => this.#openStream(call),
    };
  }

  #openStream(call: ConstructorParameters<typeof KvStream>[0]): void {
    const { kv, clock, logger } = this.parts;
    const { limits } = this.config;
    const require = (role: Role) => this.#require(role, call);
    const stream: KvStream = new KvStream(call, { kv, clock, logger, limits, require }, () => {
      this.#streams.delete(stream);
      this.#onAnswered();
    });
    this.#streams.add(stream);
    if (this.#draining) stream.drain();
  }

  #unary<Request, Response>(
    role: Role,
    handle: (request: Request, signal: AbortSignal) => Promise<Response>,
  ): handleUnaryCall<Request, Response> {
    return (call, callback) => {
      const deadline = startDeadline(this.parts.clock, this.#deadlineMs(call));
      this.#unaryCalls++;
      call.on('cancelled', () => deadline.abort(new CaissonError('CANCELLED')));
      const work = async () => {
        this.#require(role, call);
        return handle(call.request, deadline.signal);
      };
      work()
        .then(
          (response) => callback(null, response),
          (error: unknown) => callback(toServiceError(error)),
        )
        .finally(() => {
          deadline.release();
          this.#unaryCalls--;
          this.#onAnswered();
        });
    };
  }

  #require(role: Role, call: ServerCall): void {
    const { sslPeerCertificate } = call.getAuthContext();
    const certificate = sslPeerCertificate?.subject ? sslPeerCertificate : undefined;
    this.#access.require(role, { metadata: call.metadata, ...(certificate && { certificate }) });
  }

  #deadlineMs(call: ServerCall): number {
    const deadline = call.getDeadline();
    const at = typeof deadline === 'number' ? deadline : deadline.getTime();
    if (!Number.isFinite(at)) return this.config.limits.deadlineMs;
    return Math.max(0, at - this.parts.clock.nowMs());
  }
}
