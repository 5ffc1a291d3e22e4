/** PEM texts or bytes. With `cert` and `key` the client shows a certificate of its own (mutual TLS). */
export interface ClientTls {
  readonly ca?: Uint8Array | string;
  readonly cert?: Uint8Array | string;
  readonly key?: Uint8Array | string;
  /** Checks the server's certificate for this name instead of the address. */
  readonly serverName?: string;
}

export interface ClientOptions {
  /** `host:port`. */
  readonly address: string;
  /** Without it the connection is plaintext. */
  readonly tls?: ClientTls;
  /** Bearer token. */
  readonly token?: string;
  /** For calls that name no deadline. Default 30 s. */
  readonly deadlineMs?: number;
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

export const DEADLINE_MS_DEFAULT = 30_000;
export const MESSAGE_BYTES_MAX_DEFAULT = 72 * 1024 * 1024;
