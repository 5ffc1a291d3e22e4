import type { Secret } from './secret.js';
import { list } from './token.js';

/**
 * What a wrapped DEK is bound to. A blob wrapped under one context must not unwrap under another: the bytes
 * `origin ‖ key id u32 ‖ purpose u8` are AAD for local providers and the encryption context at services.
 */
export interface WrapContext {
  /** 16 bytes: the cluster under which the DEK was made. */
  readonly originId: Uint8Array;
  readonly keyId: number;
  /** 1 storage DEK, 2 Raft DEK, 3 capability challenge. */
  readonly purpose: 1 | 2 | 3;
}

export interface KekDescription {
  /** 1..32 of `[a-z0-9-]`; with `keyRef` the identity of the key inside a wrapped-DEK container. */
  readonly provider: string;
  /** Which key, in the provider's own words; at most 1024 bytes of UTF-8; never secret. */
  readonly keyRef: string;
  readonly version?: string;
  readonly state: 'enabled' | 'disabled' | 'pendingDeletion' | 'unknown';
  readonly hardware: boolean;
  readonly postQuantum: boolean;
}

/**
 * Wraps data keys by a key-encryption key that never leaves its home.
 *
 * Failures are typed: `KEK_UNREACHABLE` and `KEK_THROTTLED` (worth waiting for), `KEK_DENIED`,
 * `KEK_DISABLED`,
 * `KEK_PENDING_DELETION`, `KEK_NOT_FOUND`, `KEK_MISMATCH` (wrong key), `KEK_CONTEXT_MISMATCH` (where the
 * provider can tell it from a wrong key), `KEK_BLOB_CORRUPT`, `KEK_MISCONFIGURED`. Calls may run concurrently
 * and honour their signal. Nothing is cached that would outlive a revocation.
 */
export interface KekProvider {
  describe(): Promise<KekDescription>;
  /** A blob of 1..8192 bytes. Two wraps of one DEK differ. The DEK is 32 bytes and stays the caller's. */
  wrap(dek: Secret, context: WrapContext, signal?: AbortSignal): Promise<Uint8Array>;
  /** The DEK, 32 bytes, owned by the caller. */
  unwrap(blob: Uint8Array, context: WrapContext, signal?: AbortSignal): Promise<Secret>;
  /** The same DEK under the newest version of the key. */
  rewrap(blob: Uint8Array, context: WrapContext, signal?: AbortSignal): Promise<Uint8Array>;
  /** Proves that the key is usable now, without touching any DEK. */
  probe(signal?: AbortSignal): Promise<void>;
}

export const KekProvider = list<KekProvider>('KekProvider');
