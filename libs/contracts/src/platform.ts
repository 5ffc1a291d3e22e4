import type { Secret } from './secret.js';
import { slot } from './token.js';

/** The only source of time. In simulation it is virtual, and each node may see a skewed one. */
export interface Clock {
  /** Milliseconds since 1970 by the wall clock; may step in either direction. */
  nowMs(): number;
  /** Milliseconds since an arbitrary start; never goes back. */
  monotonicMs(): number;
  /**
   * Resolves after `ms`; rejects with the signal's reason when it aborts first, and leaves no timer behind.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * Calls `task` once after `ms`. The returned function cancels it; calling that late or twice is harmless.
   */
  after(ms: number, task: () => void): () => void;
  /** Resolves in a later turn of the loop, after work that is already queued: a chance to gather a batch. */
  turn(): Promise<void>;
}

export const Clock = slot<Clock>('Clock');

/** The only source of randomness: the system's CSPRNG in production, a keyed stream in simulation. */
export interface Random {
  /** Fresh bytes the caller owns. Fit for keys, salts and ids. */
  bytes(length: number): Uint8Array;
  /** Uniform in [0, below), for jitter and election timeouts. `below` is in 1..2^32. */
  integer(below: number): number;
}

export const Random = slot<Random>('Random');

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Facts beside a message. Never values, user keys or key material. Errors go under `error`. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  log(level: LogLevel, message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every line. */
  child(fields: LogFields): Logger;
}

export const Logger = slot<Logger>('Logger');

/** A hash of a stream, as it comes. */
export interface RunningHash {
  update(part: Uint8Array): void;
  /** The hash of all parts so far, as if they were one. Ends it: using it afterwards is a bug. */
  done(): Uint8Array;
}

/** Hash functions of the platform. Synchronous; arguments are not kept. */
export interface Hashes {
  /** FIPS 180-4, 32 bytes. */
  sha256(...parts: readonly Uint8Array[]): Uint8Array;
  /** SHA-256 of something too large to hold. */
  runningSha256(): RunningHash;
  /** RFC 2104 over SHA-256, 32 bytes. */
  hmacSha256(key: Secret, ...parts: readonly Uint8Array[]): Uint8Array;
  /** RFC 5869 over SHA-256. An empty salt is allowed. */
  hkdfSha256(inputKey: Secret, salt: Uint8Array, info: Uint8Array, length: number): Secret;
  /** Takes the same time whatever the content; false for different lengths. */
  equal(a: Uint8Array, b: Uint8Array): boolean;
}

export const Hashes = slot<Hashes>('Hashes');
