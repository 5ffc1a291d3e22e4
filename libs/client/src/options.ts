/** PEM texts or bytes. With `cert` and `key` the client shows a certificate of its own (mutual TLS). */
export interface ClientTls {
  readonly ca?: Uint8Array | string;
  readonly cert?: Uint8Array | string;
  readonly key?: Uint8Array | string;
  /** Checks the server's certificate for this name instead of the address. */
  readonly serverName?: string;
}

export type ReadFrom = 'leader' | 'any';

export interface ClientOptions {
  /**
   * `host:port` of one or more nodes. Any of them is enough: where the leader is, they say themselves. More
   * of them help when the first is down.
   */
  readonly address: string | readonly string[];
  /**
   * Where reads go. `leader` (default): to the leader once it is known, which answers them without asking
   * anybody. `any`: to all known nodes in turn; linearizable reads are as fresh there, one question to the
   * leader later.
   */
  readonly readFrom?: ReadFrom;
  /** Without it the connection is plaintext. */
  readonly tls?: ClientTls;
  /** Bearer token. */
  readonly token?: string;
  /** For calls that name no deadline. Default 30 s. */
  readonly deadlineMs?: number;
  /** How long a node may take to accept a connection before another is tried. Default 2 s. */
  readonly connectMs?: number;
  /**
   * Gives every write a request id, so that a write repeated after a lost answer has one effect. Costs one
   * row of the store per write until the retention floor passes it. Default true; without it a lost answer is
   * `UNKNOWN_OUTCOME`.
   */
  readonly requestIds?: boolean;
  /** Largest message accepted. Default 72 MiB. */
  readonly messageBytesMax?: number;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** How long the whole call may take, repeats included; a scan or prefix delete: each of its steps. */
  readonly deadlineMs?: number;
}

export const CONNECT_MS_DEFAULT = 2_000;
export const DEADLINE_MS_DEFAULT = 30_000;
export const MESSAGE_BYTES_MAX_DEFAULT = 72 * 1024 * 1024;
