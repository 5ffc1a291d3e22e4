import { concatBytes } from '@caisson/base';
import { CaissonError, type Cipher, type PreparedKey, Secret } from '@caisson/contracts';
import { type CipherHarness, type CipherVector, pattern } from '../cipher/cipher-harness.js';
import { ToyCipher } from '../toys/toy-cipher.js';
import { type Mutant, override } from './mutant.js';

type CipherMutant = Mutant<CipherHarness>;

/** What the sound toy answers: a mutant that agrees only with itself differs. */
const TOY_VECTOR: CipherVector = {
  source: 'toy 1',
  key: pattern(32, 1),
  nonce: pattern(12, 2),
  aad: pattern(5, 3),
  plaintext: pattern(8, 4),
  sealed: new ToyCipher()
    .prepare(new Secret(pattern(32, 1)))
    .seal(pattern(12, 2), pattern(5, 3), pattern(8, 4)),
};

export function toyCipherHarness(): CipherHarness {
  return { cipher: new ToyCipher(), vectors: [TOY_VECTOR] };
}

function planted(
  name: string,
  breaks: readonly string[],
  plant: (cipher: Cipher) => Partial<Cipher>,
): CipherMutant {
  const harness = (): CipherHarness => {
    const sound = toyCipherHarness();
    return { ...sound, cipher: override(sound.cipher, plant(sound.cipher)) };
  };
  return { name, breaks: breaks.map((id) => `cipher/${id}`), harness };
}

/** Each prepared key passes through `plant`. */
function keyed(
  name: string,
  breaks: readonly string[],
  plant: (key: PreparedKey) => Partial<PreparedKey>,
): CipherMutant {
  return planted(name, breaks, (cipher) => ({
    prepare: (secret) => {
      const key = cipher.prepare(secret);
      return override(key, plant(key));
    },
  }));
}

const sealingMutants: readonly CipherMutant[] = [
  planted('ClaimsVersionZero', ['owns-sane-versions-and-sizes'], () => ({ versions: [0] })),
  keyed('GarblesLongTexts', ['opens-what-it-sealed'], (key) => ({
    seal: (nonce, aad, plaintext) =>
      key.seal(nonce, aad, plaintext.length > 65_536 ? plaintext.map(() => 0) : plaintext),
  })),
  keyed('OpensEmptyAsMissing', ['opens-empty-as-empty'], (key) => ({
    open: (nonce, aad, sealed) => {
      const opened = key.open(nonce, aad, sealed);
      return opened?.length === 0 ? undefined : opened;
    },
  })),
  keyed('PadsItsTexts', ['adds-only-its-tag'], (key) => ({
    seal: (nonce, aad, plaintext) => concatBytes(key.seal(nonce, aad, plaintext), Uint8Array.of(0)),
    open: (nonce, aad, sealed) => key.open(nonce, aad, sealed.subarray(0, -1)),
  })),
  keyed('SealsInClear', ['hides-the-plaintext'], (key) => ({
    seal: (nonce, aad, plaintext) => {
      const sealed = key.seal(nonce, aad, plaintext);
      sealed.set(plaintext);
      return sealed;
    },
  })),
  keyed('ReusesBuffers', ['gives-out-fresh-memory'], (key) => {
    const buffer = new Uint8Array(256);
    return {
      seal: (nonce, aad, plaintext) => {
        const sealed = key.seal(nonce, aad, plaintext);
        if (sealed.length > buffer.length) return sealed;
        buffer.set(sealed);
        return buffer.subarray(0, sealed.length);
      },
    };
  }),
  keyed('ErasesThePlaintext', ['leaves-its-arguments-alone'], (key) => ({
    seal: (nonce, aad, plaintext) => {
      const sealed = key.seal(nonce, aad, plaintext);
      plaintext.fill(0);
      return sealed;
    },
  })),
  planted('KeepsTheCallersKey', ['keeps-a-key-of-its-own'], (cipher) => ({
    prepare: (secret) => ({
      seal: (...args) => cipher.prepare(secret).seal(...args),
      open: (...args) => cipher.prepare(secret).open(...args),
      dispose: () => secret.erase(),
    }),
  })),
  planted('DisposesEveryKey', ['keeps-prepared-keys-apart'], (cipher) => {
    const keys: PreparedKey[] = [];
    return {
      prepare: (secret) => {
        const key = cipher.prepare(secret);
        keys.push(key);
        return override(key, { dispose: () => keys.forEach((each) => each.dispose()) });
      },
    };
  }),
  keyed('ReversesNonces', ['gives-the-published-answers'], (key) => ({
    seal: (nonce, aad, plaintext) => key.seal(nonce.toReversed(), aad, plaintext),
    open: (nonce, aad, sealed) => key.open(nonce.toReversed(), aad, sealed),
  })),
];

const forgeryMutants: readonly CipherMutant[] = [
  keyed('IgnoresTheLastByte', ['refuses-every-changed-byte'], (key) => ({
    seal: (nonce, aad, plaintext) => {
      const sealed = key.seal(nonce, aad, plaintext);
      return concatBytes(sealed, Uint8Array.of(0));
    },
    open: (nonce, aad, sealed) => key.open(nonce, aad, sealed.subarray(0, -1)),
  })),
  keyed('IgnoresTheAad', ['binds-the-aad'], (key) => ({
    seal: (nonce, _aad, plaintext) => key.seal(nonce, new Uint8Array(0), plaintext),
    open: (nonce, _aad, sealed) => key.open(nonce, new Uint8Array(0), sealed),
  })),
  keyed('IgnoresTheNonce', ['binds-the-nonce'], (key) => ({
    seal: (nonce, aad, plaintext) => key.seal(new Uint8Array(nonce.length), aad, plaintext),
    open: (nonce, aad, sealed) => key.open(new Uint8Array(nonce.length), aad, sealed),
  })),
  planted('UsesOneKey', ['binds-the-key'], (cipher) => ({
    prepare: ({ length }) => cipher.prepare(new Secret(new Uint8Array(length))),
  })),
  keyed('ThrowsOnStumps', ['refuses-texts-of-any-other-length'], (key) => ({
    open: (nonce, aad, sealed) => {
      if (sealed.length < 16) throw new CaissonError('ENVELOPE_MALFORMED');
      return key.open(nonce, aad, sealed);
    },
  })),
];

export const cipherMutants: readonly CipherMutant[] = [...sealingMutants, ...forgeryMutants];
