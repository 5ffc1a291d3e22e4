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
const STRANGE_KEY = 0xdd;

/** What a machine has beside its disks; it stays with the machine, whatever its processes do. */
export class Equipment {
  readonly time: NodeTime;
  /** What the next process is told. */
  isEncryptionOff = false;
  /** What its processes write from the next one on, if it is another version than everybody's. */
  envelopeVersion: 1 | 2 | undefined;
  /** Whether other bytes stand in the file of its key; a process that runs has read it already. */
  hasOtherKey = false;

  constructor(clock: Clock) {
    this.time = new NodeTime(clock);
  }
}

/** The key services of a cluster: the one it was made with, and those that operators add. */
export class KeyServices {
  readonly all: KeyService[] = [];
  /** The bytes of every key in it, to be looked for where they must not be. */
  readonly material: Uint8Array[] = [];
  /** Whether somebody's own provider stands in the place of the first: its key lies where it likes. */
  isOwn = false;
  /** A key of the same name that is none of this cluster's. */
  readonly #stranger: KeyService;
  readonly #clock: Clock;
  readonly #random: SeededRandom;

  constructor(clock: Clock, seed: number) {
    this.#clock = clock;
    this.#random = new SeededRandom(seed ^ 0x6b65_6b73);
    this.add('file');
    this.#stranger = this.#service('file', STRANGE_KEY);
  }

  /** Somebody's own provider on a node, in place of the first service: it has the moods of that one. */
  around(own: KekProvider, node: string): KekProvider {
    this.isOwn = true;
    return this.#heard(this.all[0]!.around(own, node));
  }

  /** Keys that are somebody's own, too, are looked for where they must not be. */
  learn(keys: readonly Uint8Array[]): void {
    for (const key of keys) this.#learn(key);
  }

  /** One more, under its own name. */
  add(provider: string): KeyService {
    const service = this.#service(provider, 9 + this.all.length);
    this.all.push(service);
    return service;
  }

  /** What a node reads from its configuration now. */
  configuredAt({ hasOtherKey }: Pick<Equipment, 'hasOtherKey'>): readonly KeyService[] {
    return hasOtherKey ? [this.#stranger, ...this.all.slice(1)] : this.all;
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

  #service(provider: string, byte: number): KeyService {
    const [clock, random] = [this.#clock, this.#random];
    const [key, otherKey] = [this.#key(provider, byte), this.#key(provider, OTHER_KEY)];
    return new KeyService({ clock, random, key, otherKey });
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
