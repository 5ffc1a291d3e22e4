import { CaissonError, type Cipher } from '@caisson/contracts';

/** Which suite answers for which envelope version byte. Two owners of one byte are `PLAN_INVALID`. */
export class CipherRegistry {
  readonly #byVersion = new Map<number, Cipher>();

  constructor(ciphers: readonly Cipher[]) {
    for (const cipher of ciphers) {
      for (const version of cipher.versions) {
        const owner = this.#byVersion.get(version);
        if (owner !== undefined) {
          throw new CaissonError('PLAN_INVALID', {
            envelopeVersion: version,
            ciphers: [owner.id, cipher.id],
          });
        }
        this.#byVersion.set(version, cipher);
      }
    }
  }

  has(version: number): boolean {
    return this.#byVersion.has(version);
  }

  /** `ENVELOPE_MALFORMED` for a version that no installed suite owns. */
  get(version: number): Cipher {
    const cipher = this.#byVersion.get(version);
    if (cipher === undefined) {
      throw new CaissonError('ENVELOPE_MALFORMED', {
        version,
        problem: 'no cipher of this build owns the version',
      });
    }
    return cipher;
  }
}
