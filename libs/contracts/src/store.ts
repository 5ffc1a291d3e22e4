import type { OrderedStore } from './ordered-store.js';

/**
 * The plaintext side of the encryption door: the same ordered bytes, sealed on their way down and opened on
 * their way up. The only store that MVCC, appliers and readers ever see.
 *
 * Values of the versions table (`0x02`) and the intents table (`0x03`) go in and come out as
 * `value header (9 bytes, encryption state clear) ‖ plaintext body`; rows of other tables pass unchanged.
 * Whether a value is sealed on its way down is decided by the group's key state, not by the caller, and the
 * stored bytes may differ from replica to replica.
 *
 * Every value is opened and authenticated **before** anything is returned about it, also when the caller
 * wants keys only: an edited, moved or damaged value is `ENCRYPTED_READ_INTEGRITY`, `UNKNOWN_KEY_ID`,
 * `ENVELOPE_MALFORMED` or `ENCRYPTED_VALUE_RESERVED_STATE`, never absent and never other data. A clear value
 * above the group's storage cutover is an integrity failure too.
 */
export interface Store extends OrderedStore {
  readonly side: 'plaintext';
  /** Whether its content survives the process. Where it does not, only the log brings it back. */
  readonly durable: boolean;
}

/** What readers get: no writes outside apply. */
export type ReadableStore = Pick<Store, 'get' | 'view'>;
