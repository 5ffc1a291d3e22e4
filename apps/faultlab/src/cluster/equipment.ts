import { equalBytes } from '@caisson/base';
import { override, SeededRandom } from '@caisson/compliance';
import { type Clock, type KekProvider, Secret } from '@caisson/contracts';
import { LocalKek } from '@caisson/encryption';
import { NodeHashes } from '@caisson/platform-node';
import { KeyService, NodeTime } from '@caisson/simulator';
import { AesGcmCipher } from '@caisson/cipher-aes-gcm';

const hashes = new NodeHashes();
const ciphers = [new AesGcmCipher()];
const OTHER_KEY = 0xee;

/** What a machine has beside its disks; it stays with the machine, whatever its processes do. */
export class Equipment {
  readonly time: NodeTime;
  /** What the next process is told. */
  isEncryptionOff = false;

  constructor(clock: Clock) {
    this.time = new NodeTime(clock);
  }
}

/** The key services of a cluster: the one it was made with, and those that operators add. */
export class KeyServices {
  readonly all: KeyService[] = [];
  /** The bytes of every key in it, to be looked for where they must not be. */
  readonly material: Uint8Array[] = [];
  readonly #clock: Clock;
  readonly #random: SeededRandom;

  constructor(clock: Clock, seed: number) {
    this.#clock = clock;
    this.#random = new SeededRandom(seed ^ 0x6b65_6b73);
    this.add('file');
  }

  /** Somebody's own provider on a node, in place of the first service: it has the moods of that one. */
  around(own: KekProvider, node: string): KekProvider {
    return this.#heard(this.all[0]!.around(own, node));
  }

  /** Keys that are somebody's own, too, are looked for where they must not be. */
  learn(keys: readonly Uint8Array[]): void {
    for (const key of keys) this.#learn(key);
  }

  /** One more, under its own name. */
  add(provider: string): KeyService {
    const [clock, random] = [this.#clock, this.#random];
    const key = this.#key(provider, 9 + this.all.length);
    const service = new KeyService({ clock, random, key, otherKey: this.#key(provider, OTHER_KEY) });
    this.all.push(service);
    return service;
  }

  /** A new version of every key. */
  rotate(): void {
    for (const [at, service] of this.all.entries()) {
      service.rotate(this.#key('version', 64 + at + 16 * service.latest));
    }
  }

  calm(): void {
    for (const service of this.all) service.calm();
  }

  #key(provider: string, byte: number): KekProvider {
    const bytes = Uint8Array.from({ length: 32 }, (_, at) => (byte * 7 + at * 13) & 0xff);
    this.#learn(bytes);
    return this.#heard(
      new LocalKek({ provider, key: new Secret(bytes), ciphers, hashes, random: this.#random }),
    );
  }

  /** With an ear for the keys that it is given to wrap. */
  #heard(kek: KekProvider): KekProvider {
    const wrap: KekProvider['wrap'] = (dek, context, signal) => {
      // What a challenge holds protects nothing.
      if (context.purpose !== 3) this.#learn(Uint8Array.from(dek.reveal()));
      return kek.wrap(dek, context, signal);
    };
    return override<KekProvider>(kek, { wrap });
  }

  #learn(secret: Uint8Array): void {
    if (!this.material.some((known) => equalBytes(known, secret))) this.material.push(secret);
  }
}
