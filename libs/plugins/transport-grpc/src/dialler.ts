import { CaissonError, type Peer } from '@caisson/contracts';
import { grpcMethods, peerProto } from '@caisson/formats';
import { Client, ChannelCredentials, type ChannelOptions, type Metadata } from '@grpc/grpc-js';
import type { PeerCertificate, SecureContext } from 'node:tls';
import type { TransportGrpcConfig } from './config.js';
import { refuseExposedPlaintext } from './credentials.js';
import { thrownByPeer } from './errors.js';
import { nodeNames } from './node-names.js';

export const METHODS = grpcMethods(peerProto.PeerDefinition, (bytes) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
);

/** Sent in the clear when a connection begins, so it says nothing about the node that is called. */
const SERVER_NAME = 'caisson-node';
/** Beyond the largest frame: the Hello or header around it, and the last frames of a batch. */
const MESSAGE_SLACK_BYTES = 1024 * 1024;
/** A window on the receiving side of the caller; that of the called node is `RECEIVE_WINDOW_BYTES`. */
const WINDOW_BYTES = 4 * 1024 * 1024;

/** What both ends set for their messages and the test of silent connections. */
export function channelOptions({ limits, timing }: TransportGrpcConfig): ChannelOptions {
  const messageBytesMax = limits.frameBytesMax + limits.batchBytesMax + MESSAGE_SLACK_BYTES;
  return {
    'grpc.max_receive_message_length': messageBytesMax,
    'grpc.max_send_message_length': messageBytesMax,
    'grpc.keepalive_time_ms': timing.keepaliveMs,
    'grpc.keepalive_timeout_ms': timing.keepaliveTimeoutMs,
  };
}

/** How a call ended, as the library tells it. */
export interface CallEnd {
  readonly details: string;
  readonly metadata: Metadata;
}

/**
 * One connection to one node: never shared, not with another peer, another lane or another transport of this
 * process. It does not reconnect by itself: attempts and pauses between them are the owner's.
 */
export class Line {
  readonly client: Client;
  #refusal: CaissonError | undefined;

  constructor(
    private readonly peer: Pick<Peer, 'name' | 'address'>,
    context: SecureContext | undefined,
    options: ChannelOptions,
  ) {
    const checkServerIdentity = (_: string, certificate: PeerCertificate) => this.#refuse(certificate);
    const credentials = context
      ? ChannelCredentials.createFromSecureContext(context, { checkServerIdentity })
      : ChannelCredentials.createInsecure();
    this.client = new Client(peer.address, credentials, options);
  }

  close(): void {
    this.client.close();
  }

  /** Why a call failed: what the other node said, else what kept us from hearing it. */
  failureOf({ details, metadata }: CallEnd): CaissonError {
    const { name: peer, address } = this.peer;
    const thrown = thrownByPeer(metadata) ?? this.#refusal;
    return thrown ?? new CaissonError('UNAVAILABLE', { peer, address, reason: details });
  }

  /** Whether the failure was a verdict of the other node, or ours about it, rather than of the network. */
  isVerdict({ metadata }: CallEnd): boolean {
    return thrownByPeer(metadata) !== undefined || this.#refusal !== undefined;
  }

  /** The name is compared before anything is sent; host names are not looked at. */
  #refuse(certificate: PeerCertificate): CaissonError | undefined {
    if (nodeNames(certificate).includes(this.peer.name)) return undefined;
    const reason = 'the certificate at its address does not carry its name';
    return (this.#refusal = new CaissonError('PEER_REFUSED', { peer: this.peer.name, reason }));
  }
}

/** Opens lines to nodes, with this node's certificate where there is one. */
export class Dialler {
  readonly #options: ChannelOptions;

  constructor(
    private readonly config: TransportGrpcConfig,
    private readonly context: SecureContext | undefined,
  ) {
    this.#options = {
      ...channelOptions(config),
      'grpc.use_local_subchannel_pool': 1,
      'grpc.keepalive_permit_without_calls': 1,
      'grpc.enable_retries': 0,
      'grpc.enable_http_proxy': 0,
      'grpc.service_config_disable_resolution': 1,
      'grpc-node.flow_control_window': WINDOW_BYTES,
      ...(context && { 'grpc.ssl_target_name_override': SERVER_NAME }),
    };
  }

  /** Throws `INSECURE_ADDRESS` rather than talk plaintext to another machine. */
  open(peer: Pick<Peer, 'name' | 'address'>): Line {
    refuseExposedPlaintext(this.config, peer.address);
    return new Line(peer, this.context, this.#options);
  }
}
