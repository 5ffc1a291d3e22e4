import { toHex } from '@caisson/base';
import { override } from '@caisson/compliance';
import type { Cipher, PreparedKey } from '@caisson/contracts';
import { NodeHashes } from '@caisson/platform-node';

const hashes = new NodeHashes();

type Seal = PreparedKey['seal'];

/**
 * Outside all disks: sees every seal of every process of every cluster. A key it sees is what the cipher is
 * given, so under envelope 2 it stands for one DEK with one salt.
 */
export class Ledger {
  seals = 0;
  /** Pairs of key and nonce that were used once more. */
  readonly repeats: string[] = [];
  /** Every key that a cipher was given, in hexadecimal. */
  readonly keys = new Set<string>();
  readonly #seen = new Set<string>();
  #processes = 0;

  /** For the randomness of one process: no two that it sees draw the same. */
  nextSeed(): number {
    return ++this.#processes;
  }

  around(sound: Cipher): Cipher {
    const prepare: Cipher['prepare'] = (key) => {
      this.keys.add(toHex(key.reveal()));
      const name = toHex(hashes.sha256(key.reveal())).slice(0, 16);
      const prepared = sound.prepare(key);
      const seal: Seal = (nonce, ...rest) => {
        this.#note(name, nonce);
        return prepared.seal(nonce, ...rest);
      };
      const sealBehind: PreparedKey['sealBehind'] = (room, nonce, ...rest) => {
        this.#note(name, nonce);
        return prepared.sealBehind!(room, nonce, ...rest);
      };
      return override(prepared, { seal, ...(prepared.sealBehind !== undefined && { sealBehind }) });
    };
    return override(sound, { prepare });
  }

  #note(key: string, nonce: Uint8Array): void {
    const pair = `${key} ${toHex(nonce)}`;
    this.seals++;
    if (this.#seen.has(pair)) this.repeats.push(pair);
    this.#seen.add(pair);
  }
}
