import { slot } from '@caisson/contracts';

/**
 * Bytes between two machines, in order and whole until the connection ends, as TCP has them.
 *
 * What was written together may arrive in pieces, and what was written in pieces together.
 */
export interface Connection {
  /** Where the other end listens: known to the network, not claimed by whoever is there. */
  readonly remote: string;
  /** Aborts when it is over, whoever or whatever ended it. */
  readonly ended: AbortSignal;
  /** Written and not yet arrived. It has no bound: whoever writes keeps one. */
  readonly queuedBytes: number;
  /** Never blocks. After the end it does nothing. The bytes are copied. */
  write(bytes: Uint8Array): void;
  /** What arrives. Comes to its end with the connection, without saying why. One reader, once. */
  pieces(): AsyncIterable<Uint8Array>;
  /** Nothing more comes from here: what was written still arrives, then the other end is told. */
  close(): void;
}

/**
 * What a simulated machine has in place of sockets: the network between machines as somebody's own transport
 * sees it, with the delays, cuts and resets that go on there.
 *
 * Everything ends with the process, without a word to it.
 */
export interface Wire {
  /** Where others reach this machine. */
  readonly address: string;
  /** From now on connections come in. Before, whoever connects is refused. */
  listen(onConnection: (connection: Connection) => void): void;
  /**
   * Another machine. `UNAVAILABLE` if nobody listens there or no way leads to it; on a link that is silent it
   * may never settle. With the signal the connection ends, too.
   */
  connect(address: string, signal?: AbortSignal): Promise<Connection>;
}

export const Wire = slot<Wire>('@caisson/simulator/Wire');
