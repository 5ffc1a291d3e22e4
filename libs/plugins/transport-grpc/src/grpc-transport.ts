import { invariant } from '@caisson/base';
import {
  CaissonError,
  type Clock,
  type DataDirectory,
  type Disk,
  type HealthReport,
  type Logger,
  type Meter,
  type OutgoingSnapshot,
  type Peer,
  type RaftReceiver,
  type RaftTransport,
  type Random,
  type Secrets,
} from '@caisson/contracts';
import { Server } from '@grpc/grpc-js';
import type { TransportGrpcConfig } from './config.js';
import { isLoopback, loadCredentials, refuseExposedPlaintext } from './credentials.js';
import { channelOptions } from './dialler.js';
import { Greeter, PROTOCOL, type ProtocolRange } from './hello.js';
import { listen } from './listen.js';
import { TransportMeters } from './meters.js';
import { OpenTransport } from './open-transport.js';
import { widenReceiveWindow } from './receive-window.js';

const EXPOSED = 'insecure: true, nodes talk plaintext that others could hear';
const WARNING_MS = 3_600_000;

export interface TransportParts {
  readonly directory: DataDirectory;
  readonly clock: Clock;
  readonly random: Random;
  readonly disk: Disk;
  readonly secrets: Secrets;
  readonly logger: Logger;
  readonly meter?: Meter | undefined;
}

/**
 * `RaftTransport` over `caisson.v1.Peer`. Listens and dials from `start` to `stop`; draining is not its
 * business, because leadership moves away over it.
 */
export class GrpcTransport implements RaftTransport {
  readonly #meters: TransportMeters;
  #server: Server | undefined;
  #open: OpenTransport | undefined;
  #receiver: RaftReceiver | undefined;
  #address: string | undefined;
  #cancelWarning: () => void = () => undefined;

  constructor(
    private readonly config: TransportGrpcConfig,
    private readonly parts: TransportParts,
    private readonly protocol: ProtocolRange = PROTOCOL,
  ) {
    this.#meters = new TransportMeters(parts.meter);
  }

  get address(): string {
    invariant('TRANSPORT-1', this.#address !== undefined, 'the transport is used after its start');
    return this.#address;
  }

  async start(): Promise<void> {
    const { config, parts } = this;
    refuseExposedPlaintext(config, config.listen);
    const { identity } = parts.directory;
    const { server: serverCredentials, client: context } = await loadCredentials(
      config,
      identity.name,
      parts,
    );
    const options = channelOptions(config);
    this.#server = new Server({ ...options, 'grpc.http2.min_recv_ping_interval_without_data_ms': 0 });
    // The port is only known once bound, and nobody is served before the service is there.
    const bound = await listen(this.#server, config.listen, serverCredentials);
    widenReceiveWindow(this.#server);
    this.#address = config.advertise ?? bound;
    const greeter = new Greeter(identity, this.#address, this.protocol);
    const meters = this.#meters;
    const receiver = (): RaftReceiver | undefined => this.#receiver;
    this.#open = new OpenTransport({
      ...parts,
      config,
      nodeName: identity.name,
      greeter,
      context,
      meters,
      receiver,
    });
    this.#open.serve(this.#server);
    parts.logger.log('info', 'listening for peers', { bound, address: this.#address });
    if (this.#isExposed()) this.#warn();
  }

  receive(receiver: RaftReceiver): void {
    this.#receiver = receiver;
  }

  connect(peers: readonly Peer[]): void {
    invariant('TRANSPORT-1', this.#address !== undefined, 'the transport is used after its start');
    this.#open?.connect(peers);
  }

  send(group: number, to: bigint, frame: Uint8Array): void {
    this.#open?.send(group, to, frame);
  }

  async ask(peer: Omit<Peer, 'id'>, question: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    return this.#running().asker.ask(peer, question, signal);
  }

  async sendSnapshot(
    group: number,
    to: bigint,
    snapshot: OutgoingSnapshot,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#running().sender.send(group, to, snapshot, signal);
  }

  /** Connections are cut: frames that are lost are frames of a node that is gone. */
  stop(): void {
    this.#cancelWarning();
    this.#open?.close();
    this.#open = undefined;
    this.#server?.forceShutdown();
    this.#server = undefined;
  }

  healthReport(): HealthReport {
    if (this.#isExposed()) return { status: 'degraded', reason: EXPOSED };
    const refusals = this.#open?.refusals() ?? [];
    if (refusals.length === 0) return { status: 'ok' };
    return { status: 'degraded', reason: `peers that cannot be talked to: ${refusals.join(', ')}` };
  }

  #running(): OpenTransport {
    if (this.#open) return this.#open;
    throw new CaissonError('UNAVAILABLE', { reason: 'the transport is stopped' });
  }

  #isExposed(): boolean {
    return this.config.insecure && !this.config.tls && !isLoopback(this.config.listen);
  }

  /** Again and again: whoever reads any hour of the log should see it. */
  #warn(): void {
    this.parts.logger.log('warn', EXPOSED, { address: this.#address });
    this.#cancelWarning = this.parts.clock.after(WARNING_MS, () => this.#warn());
  }
}
