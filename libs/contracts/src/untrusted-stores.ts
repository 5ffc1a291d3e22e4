import type { OrderedStore, ReadView } from './ordered-store.js';
import { slot } from './token.js';

/**
 * An ordered store on a disk that the attacker owns. It sees ciphertext only, and its content is believed
 * only as far as it authenticates.
 *
 * Damage below the envelopes must not go unnoticed: a flipped, lost or reordered batch that changes what is
 * read is `CORRUPTION` at `open` or at the read that meets it, never a silent difference and never "absent".
 */
export interface UntrustedStore extends OrderedStore {
  /**
   * As any view. `sweeps` says that it is for reading much, from front to back: reading far ahead then pays,
   * where it would cost short reads dearly. What is read is the same.
   */
  view(direction?: 'forward' | 'reverse', options?: { readonly sweeps: boolean }): ReadView;
  /**
   * Reclaims space in a range, so that removed and overwritten bytes leave the disk. Slow; may run beside
   * everything else. Resolves when done; a store without files resolves at once.
   */
  compact(range?: { readonly from: Uint8Array; readonly to: Uint8Array }): Promise<void>;
  /**
   * As `compact` over everything, and more slowly: once it resolves, no file of the store holds a value that
   * was removed or overwritten before the call. Waits for views that are open, and gives up waiting when the
   * signal aborts. Absent where the store has no files.
   */
  scrub?(signal?: AbortSignal): Promise<void>;
  /**
   * Flushes and releases everything, open views included. Waits for running operations; later ones fail with
   * `STORE_CLOSED`. Harmless when repeated.
   */
  close(): Promise<void>;
}

/** What a store can do. Declared and honoured: the kit tests every power that is claimed. */
export interface StoreCapabilities {
  /** Content survives `close` and a crash of the process. */
  readonly durable: boolean;
  /** `write({ sync: true })` survives power loss. The writer registry refuses stores without it. */
  readonly syncedWrites: boolean;
  /** Flipped bytes in its files are noticed. */
  readonly detectsDamage: boolean;
}

/** What whoever opens a store knows of it. */
export interface StoreOpening {
  /** A whole state is about to be put into it, and it is closed then: a store may spend memory on that. */
  readonly fills?: boolean;
  /**
   * This very process has just filled and closed it: a store need not read back what it has written, which it
   * does elsewhere because files change while nobody looks. Its history is verified all the same.
   */
  readonly isFresh?: boolean;
}

/**
 * Opens stores, one per group and for snapshots being installed: therefore an opener, not one open store.
 *
 * Plugins provide it; only the encryption layer consumes it, and hands out the plaintext side as `Store`.
 */
export interface UntrustedStores {
  readonly capabilities: StoreCapabilities;
  /**
   * Opens the store in `directory`, creating it when missing, and verifies its history: `CORRUPTION` for
   * holes or a history shorter than what was acknowledged. Opening twice at once is `DIRECTORY_LOCKED`.
   *
   * What the options say may save it work. What it promises is the same.
   */
  open(directory: string, signal?: AbortSignal, options?: StoreOpening): Promise<UntrustedStore>;
  /** Whether there is a store in `directory`, open or not. */
  exists(directory: string): Promise<boolean>;
  /**
   * Moves a closed store to a sibling directory where there is none. A crash leaves it in one of the two
   * places, whole; once this resolves it survives power loss in the new one.
   */
  move(from: string, to: string): Promise<void>;
  /** Removes a closed store with everything in it; a missing one is fine. */
  remove(directory: string): Promise<void>;
}

export const UntrustedStores = slot<UntrustedStores>('UntrustedStores');
