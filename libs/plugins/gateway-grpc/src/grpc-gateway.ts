import {
  type AuditService,
  type BackupService,
  type Clock,
  type ClusterService,
  type DataDirectory,
  type Disk,
  type EncryptionService,
  type Gateway,
  type Hashes,
  type Health,
  type HealthReport,
  type KeyLifecycleService,
  type KvService,
  type Logger,
  type ReplicationEngine,
  type Role,
  type Secrets,
} from '@caisson/contracts';
import { grpcMethods, proto, protoDescriptors } from '@caisson/formats';
import { Server } from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer, type PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';
import { isDeepStrictEqual } from 'node:util';
import { AccessPolicy, type CallerProof } from './access.js';
import { AUDIT_METHODS, AUDIT_SERVICE, auditHandlers } from './audit/audit-handlers.js';
import { CallAudit } from './audit/call-audit.js';
import { BACKUP_METHODS, BACKUP_SERVICE, backupHandlers } from './backup/backup-handlers.js';
import { CLUSTER_METHODS, CLUSTER_SERVICE, clusterHandlers } from './cluster/cluster-handlers.js';
import type { GatewayGrpcConfig } from './config.js';
import { ENCRYPTION_METHODS, ENCRYPTION_SERVICE, keyHandlers } from './encryption/key-handlers.js';
import { isLoopback, loadCredentials, refuseExposedPlaintext } from './credentials.js';
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
import { OpenCalls, type ServerCall } from './open-calls.js';

const METHODS = grpcMethods(proto.KvDefinition, (bytes) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
);
const SERVICE = proto.KvDefinition.fullName;
const VERSION = '0.1.0';
/** Clients with another node to go to ask every second whether this one is still there. */
const KEEPALIVE_MS_MIN = 500;
/** How long the last answers may take to leave once all are given. */
const FAREWELL_MS = 500;

export interface GatewayParts {
  readonly kv: KvService;
  /** Present where there is a cluster to order about. */
  readonly cluster?: ClusterService | undefined;
  /** Present where keys may be ordered about. */
  readonly keys?: KeyLifecycleService | undefined;
  /** Present where this node can be backed up while it serves. */
  readonly backup?: BackupService | undefined;
  /** Present where what operators order is recorded. */
  readonly audit?: AuditService | undefined;
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

/**
 * `caisson.v1.Kv`, with `Cluster`, `Encryption`, `Backup` and `Audit` where they have something to serve,
 * health and reflection. Listens until `stop`.
 */
export class GrpcGateway implements Gateway {
  readonly name = 'grpc';
  readonly #server: Server;
  readonly #health = new HealthImplementation();
  readonly #access: AccessPolicy;
  readonly #streams = new Set<KvStream>();
  readonly #calls: OpenCalls;
  #addresses: readonly string[] = [];
  #draining = false;
  #onAnswered: () => void = () => undefined;

  constructor(
    private readonly config: GatewayGrpcConfig,
    private readonly parts: GatewayParts,
  ) {
    this.#access = new AccessPolicy(config, parts.hashes);
    const { messageBytesMax, deadlineMs } = config.limits;
    this.#calls = new OpenCalls({
      clock: parts.clock,
      deadlineMs,
      audit: new CallAudit({
        audit: parts.audit,
        nameOf: (call) => this.#access.nameOf(proofOf(call)),
        require: (role, call) => this.#require(role, call),
      }),
      onAnswered: () => this.#onAnswered(),
    });
    this.#setServing('NOT_SERVING');
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
    const { audit, backup, cluster, directory, keys } = this.parts;
    this.#server.addService(METHODS, this.#handlers());
    if (cluster) this.#server.addService(CLUSTER_METHODS, clusterHandlers(cluster, this.#calls));
    if (keys) this.#server.addService(ENCRYPTION_METHODS, keyHandlers(keys, this.#calls));
    if (backup) this.#server.addService(BACKUP_METHODS, backupHandlers(backup, this.#calls));
    const node = () => directory.identity.name;
    if (audit) this.#server.addService(AUDIT_METHODS, auditHandlers(audit, this.#calls, node));
    this.#health.addToServer(this.#server);
    if (this.config.reflection) {
      const descriptors = loadFileDescriptorSetFromBuffer(Buffer.from(protoDescriptors()));
      new ReflectionService(oneOfEach(descriptors), { services: [...this.#services] }).addToServer(
        this.#server,
      );
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
    this.#calls.drain();
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
        if (this.#streams.size === 0 && this.#calls.count === 0) resolve();
      };
      this.#onAnswered();
    });
  }

  #setServing(status: 'SERVING' | 'NOT_SERVING'): void {
    for (const service of ['', ...this.#services]) this.#health.setStatus(service, status);
  }

  get #services(): readonly string[] {
    const { audit, backup, cluster, keys } = this.parts;
    const offered = [
      [CLUSTER_SERVICE, cluster],
      [ENCRYPTION_SERVICE, keys],
      [BACKUP_SERVICE, backup],
      [AUDIT_SERVICE, audit],
    ] as const;
    return [SERVICE, ...offered.flatMap(([name, service]) => (service ? [name] : []))];
  }

  #handlers() {
    const { kv } = this.parts;
    return {
      get: this.#calls.unary('reader', async (request: proto.GetRequest, signal) =>
        fromGetResponse(await kv.get(toGetRequest(request), { signal })),
      ),
      scan: this.#calls.unary('reader', async (request: proto.ScanRequest, signal) =>
        fromScanResponse(await kv.scan(toScanRequest(request), { signal })),
      ),
      write: this.#calls.unary('writer', async (request: proto.WriteRequest, signal) =>
        fromWriteResponse(await kv.write(toWriteRequest(request), { signal })),
      ),
      deletePrefix: this.#calls.unary('writer', async (request: proto.DeletePrefixRequest, signal) =>
        fromWriteResponse(await kv.write(toPrefixWrite(request), { signal })),
      ),
      begin: this.#calls.unary('reader', async (_: proto.BeginRequest, signal) => kv.begin({ signal })),
      status: this.#calls.unary('reader', async (_: proto.StatusRequest) => nodeStatus(this.parts, VERSION)),
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

  #require(role: Role, call: ServerCall): void {
    this.#access.require(role, proofOf(call));
  }
}

function proofOf(call: ServerCall): CallerProof {
  const { sslPeerCertificate } = call.getAuthContext();
  const certificate = sslPeerCertificate?.subject ? sslPeerCertificate : undefined;
  return { metadata: call.metadata, ...(certificate && { certificate }) };
}

/**
 * The library decodes the files of every definition that it is given, and each of ours carries the same few:
 * one definition for each set of files says as much.
 */
function oneOfEach(descriptors: PackageDefinition): PackageDefinition {
  const kept: [string, PackageDefinition[string]][] = [];
  for (const entry of Object.entries(descriptors)) {
    const files = filesOf(entry[1]);
    const isKnown = kept.some(([, other]) => isDeepStrictEqual(filesOf(other), files));
    if (files !== undefined && !isKnown) kept.push(entry);
  }
  return Object.fromEntries(kept);
}

function filesOf(definition: PackageDefinition[string]): readonly Buffer[] | undefined {
  const { fileDescriptorProtos } = definition as { fileDescriptorProtos?: readonly Buffer[] };
  return Array.isArray(fileDescriptorProtos) ? fileDescriptorProtos : undefined;
}
