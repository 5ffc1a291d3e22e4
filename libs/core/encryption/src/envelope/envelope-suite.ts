import { CaissonError } from '@caisson/contracts';
import { envelopeVersion, FLAG_COMPRESSED, isCompressed, type KeyPurpose } from '@caisson/formats';
import { noPacking, type Packing } from '../compression/packing.js';
import type { HeldKey } from '../keys/keystore.js';
import type { UsageCounter } from '../usage/own-usage.js';
import { behind } from './behind.js';
import type { NonceFactory } from './nonce-factory.js';
import type { SaltSource } from './salt-source.js';

/** Where a value is stored. Every byte of it is authenticated with the value. */
export interface ValuePlace {
  /** The 9 bytes of the value header, as stored. */
  readonly headerBytes: Uint8Array;
  /** The whole store key, as stored. */
  readonly storeKey: Uint8Array;
}

/** As `ValuePlace`, with what the envelope's flag says of the plaintext, authenticated like the rest. */
export interface SealedPlace extends ValuePlace {
  readonly compressed?: boolean;
}

/** Where a payload stands in a log. A version authenticates as much of it as its layout has room for. */
export interface PayloadPlace {
  readonly group: number;
  readonly term: number;
  readonly index: number;
  readonly proposalId: bigint;
}

/** A DEK this process may seal under, with the nonces and salts it may use. */
export interface SealingKey {
  readonly key: HeldKey;
  readonly nonces: NonceFactory;
  readonly salts: SaltSource;
  /** Told of each message before it is sealed; absent outside a node. */
  readonly usage?: UsageCounter;
}

/** Finds the DEK an envelope names. */
export interface KeyFinder {
  find(keyId: number, purpose: KeyPurpose): HeldKey | undefined;
}

/**
 * One envelope version: how values and payloads are sealed, and how they open again.
 *
 * `room` asks for so many bytes in front of what comes back, for the caller's header: what they hold is
 * undefined. Opening answers `undefined` when authentication fails, and throws `UNKNOWN_KEY_ID` or
 * `ENVELOPE_MALFORMED` where it does not even come to that. Plaintext handed out is fresh memory, and is what
 * was sealed: compressed where the envelope says so.
 */
export interface EnvelopeSuite {
  readonly version: number;
  sealValue(by: SealingKey, place: SealedPlace, plaintext: Uint8Array, room?: number): Uint8Array;
  openValue(keys: KeyFinder, place: ValuePlace, envelope: Uint8Array, room?: number): Uint8Array | undefined;
  sealPayload(by: SealingKey, place: PayloadPlace, payload: Uint8Array): Uint8Array;
  openPayload(keys: KeyFinder, place: PayloadPlace, envelope: Uint8Array): Uint8Array | undefined;
}

/**
 * Every version this build reads, and the one it writes. A further version is a further suite in the list.
 *
 * Values pass here in both directions, and are compressed in between: before they are sealed, because
 * afterwards nothing repeats, and only where that makes them smaller.
 */
export class EnvelopeSuites {
  readonly writer: EnvelopeSuite;
  readonly #readers: ReadonlyMap<number, EnvelopeSuite>;
  readonly #packing: Packing;

  constructor(suites: readonly EnvelopeSuite[], written: number, packing: Packing = noPacking) {
    this.#packing = packing;
    this.#readers = new Map(suites.map((suite) => [suite.version, suite]));
    const writer = this.#readers.get(written);
    if (writer === undefined) {
      throw new CaissonError('CONFIG_INVALID', { path: 'envelopeVersion', found: written });
    }
    this.writer = writer;
  }

  /** The envelope of a value as this node writes it. */
  sealValue(by: SealingKey, place: ValuePlace, value: Uint8Array, room = 0): Uint8Array {
    const packed = this.#packing.pack(value);
    if (packed === undefined) return this.writer.sealValue(by, place, value, room);
    return this.writer.sealValue(by, { ...place, compressed: true }, packed, room);
  }

  /** The value in an envelope of any version, as `EnvelopeSuite.openValue`. */
  openValue(keys: KeyFinder, place: ValuePlace, envelope: Uint8Array, room = 0): Uint8Array | undefined {
    const reader = this.reader(envelope);
    if (!isCompressed(envelope)) return reader.openValue(keys, place, envelope, room);
    const packed = reader.openValue(keys, place, envelope);
    if (packed === undefined) return undefined;
    const value = this.#packing.unpack(packed);
    return room === 0 ? value : behind(room, value);
  }

  /** The suite that can read `envelope`, by its version byte. */
  reader(envelope: Uint8Array): EnvelopeSuite {
    const version = envelopeVersion(envelope);
    const suite = this.#readers.get(version);
    if (suite === undefined) {
      throw new CaissonError('ENVELOPE_MALFORMED', {
        version,
        problem: 'this build cannot read the version',
      });
    }
    return suite;
  }
}

export function flagOf({ compressed = false }: SealedPlace): number {
  return compressed ? FLAG_COMPRESSED : 0;
}

/** The key an envelope names, or `UNKNOWN_KEY_ID`. */
export function requireKey(keys: KeyFinder, keyId: number, purpose: KeyPurpose): HeldKey {
  const key = keys.find(keyId, purpose);
  if (key === undefined) throw new CaissonError('UNKNOWN_KEY_ID', { keyId, purpose });
  return key;
}
