import { fnv1a64, invariant } from '@caisson/base';
import { CaissonError, type ErrorCode, isCaissonError } from '@caisson/contracts';
import {
  decodeVersionKey,
  encodeHeader,
  type KeyState,
  splitValue,
  TABLE,
  VALUE_HEADER_BYTES,
  type ValueHeader,
} from '@caisson/formats';
import { type Damage, diagnose } from './damage.js';
import type { EnvelopeSuites, KeyFinder, SealingKey } from '../envelope/envelope-suite.js';

const KEPT_CODES: readonly ErrorCode[] = ['UNKNOWN_KEY_ID', 'KEY_RETIRED', 'ENCRYPTED_VALUE_RESERVED_STATE'];

export interface ValueDoorParts {
  readonly suites: EnvelopeSuites;
  readonly keys: KeyFinder;
  /** The group's key state as of the last written batch. */
  state(): KeyState;
  /** The storage DEK as this node may seal under it. */
  sealing(keyId: number): SealingKey;
  /** Told of every value that did not open, by error code. */
  onFailure?(reason: string, damage: Damage): void;
}

/**
 * Turns values around between what is stored and what the rest of the node sees. The only place where
 * values are sealed, and the only one where they open.
 *
 * Rows of other tables pass unchanged in both directions.
 */
export class ValueDoor {
  readonly #parts: ValueDoorParts;

  constructor(parts: ValueDoorParts) {
    this.#parts = parts;
  }

  /** What is stored for a value. Tombstones carry no body and stay clear until sealed mode. */
  down(storeKey: Uint8Array, value: Uint8Array): Uint8Array {
    if (!holdsValues(storeKey)) return value;
    const { header, body } = splitValue(value);
    invariant('ENC-3', header.state === 'clear', 'a value comes to the door sealed');
    const state = this.#parts.state();
    if (!state.storageEnvelopeActive || (header.tombstone && state.sealedModeIndex === 0)) return value;
    const headerBytes = encodeHeader({ ...header, state: 'sealed' });
    const by = this.#parts.sealing(state.activeStorage);
    const stored = this.#parts.suites.sealValue(by, { headerBytes, storeKey }, body, VALUE_HEADER_BYTES);
    stored.set(headerBytes);
    return stored;
  }

  /**
   * The value behind what is stored; throws rather than answer anything about one that does not
   * authenticate.
   */
  up(storeKey: Uint8Array, stored: Uint8Array): Uint8Array {
    if (!holdsValues(storeKey)) return stored;
    try {
      return this.#open(storeKey, stored);
    } catch (error) {
      const refused = this.#diagnosed(storeKey, stored, readRefusal(storeKey, error));
      throw refused;
    }
  }

  #diagnosed(storeKey: Uint8Array, stored: Uint8Array, refused: CaissonError): CaissonError {
    const { keys } = this.#parts.state();
    const storageKeys = keys.filter(({ purpose }) => purpose === 'storage').map(({ keyId }) => keyId);
    const attempt = (changed: Uint8Array): boolean => {
      try {
        return this.#open(storeKey, changed).length > 0;
      } catch (error) {
        if (isCaissonError(error)) return false;
        throw error;
      }
    };
    const damage = diagnose(stored, refused, { attempt, storageKeys });
    this.#parts.onFailure?.(refused.code, damage);
    return new CaissonError(refused.code, { ...refused.details, damage }, { cause: refused.cause });
  }

  #open(storeKey: Uint8Array, stored: Uint8Array): Uint8Array {
    const { header, headerBytes, body } = splitValue(stored);
    if (header.state === 'clear') {
      this.#admitClear(storeKey, header);
      return stored;
    }
    const { suites, keys } = this.#parts;
    const value = suites.openValue(keys, { headerBytes, storeKey }, body, VALUE_HEADER_BYTES);
    if (value === undefined) throw unreadable('does not authenticate');
    value.set(encodeHeader({ ...header, state: 'clear' }));
    return value;
  }

  /**
   * A clear value newer than the cutover was put there by somebody else, and so was a clear tombstone newer
   * than sealed mode. Older ones stay readable until they are rewritten; intents carry no timestamp of their
   * own and are held to the rule when they become versions.
   */
  #admitClear(storeKey: Uint8Array, header: ValueHeader): void {
    if (storeKey[0] !== TABLE.versions) return;
    const { storageEnvelopeActive, storageCutoverTs, sealedModeIndex, sealedModeTs } = this.#parts.state();
    if (header.tombstone) {
      if (sealedModeIndex !== 0 && decodeVersionKey(storeKey).commitTs > sealedModeTs)
        throw unreadable('a clear tombstone in sealed mode', CLEAR);
      return;
    }
    if (storageEnvelopeActive && decodeVersionKey(storeKey).commitTs > storageCutoverTs)
      throw unreadable('clear above the cutover', CLEAR);
  }
}

function holdsValues(storeKey: Uint8Array): boolean {
  return storeKey[0] === TABLE.versions || storeKey[0] === TABLE.locks;
}

const CLEAR = Object.freeze({ damage: 'context mismatch' satisfies Damage });

function unreadable(problem: string, details: { readonly damage?: Damage } = {}): CaissonError {
  return new CaissonError('ENCRYPTED_READ_INTEGRITY', { problem, ...details });
}

/** Whether it says that a value does not open, whatever happened to it. */
export function isUnreadable(error: unknown): error is CaissonError {
  if (!isCaissonError(error)) return false;
  return error.code === 'ENCRYPTED_READ_INTEGRITY' || KEPT_CODES.includes(error.code);
}

/**
 * The one code of an edited, moved or damaged value, whatever part of it was hit, and the hash of its store
 * key so that an operator can find it. An unknown or retired key and a reserved state say more than that and
 * keep their codes.
 */
function readRefusal(storeKey: Uint8Array, error: unknown): CaissonError {
  if (!isCaissonError(error)) throw error;
  const where = { table: storeKey[0]!, keyHash: fnv1a64(namedKey(storeKey)).toString(16) };
  const code = KEPT_CODES.find((kept) => kept === error.code);
  return new CaissonError(
    code ?? 'ENCRYPTED_READ_INTEGRITY',
    { ...error.details, ...where },
    { cause: error },
  );
}

/** The user key where the store key holds one, so that the hash is the one users know. */
function namedKey(storeKey: Uint8Array): Uint8Array {
  if (storeKey[0] !== TABLE.versions) return storeKey;
  try {
    return decodeVersionKey(storeKey).userKey;
  } catch (error) {
    if (isCaissonError(error)) return storeKey;
    throw error;
  }
}
