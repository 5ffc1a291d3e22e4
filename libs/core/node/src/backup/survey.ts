import { toHex } from '@caisson/base';
import type { Pair } from '@caisson/contracts';
import { envelopeKeyId, splitValue, SYSTEM_KEYS, TABLE } from '@caisson/formats';

const CLAIMED: ReadonlySet<string> = new Set(Object.values(SYSTEM_KEYS).map(toHex));

/** What the pairs of a group amount to, counted as they pass by. */
export class Survey {
  readonly #rows = new Map<string, Uint8Array>();
  readonly #sealedUnder = new Map<number, number>();
  #pairs = 0;
  #versions = 0;
  #sealed = 0;

  get pairs(): number {
    return this.#pairs;
  }

  get versions(): number {
    return this.#versions;
  }

  get sealed(): number {
    return this.#sealed;
  }

  /** Sealed versions by the id of their key. */
  get sealedUnder(): ReadonlyMap<number, number> {
    return this.#sealedUnder;
  }

  add(pairs: readonly Pair[]): void {
    this.#pairs += pairs.length;
    for (const { key, value } of pairs) {
      if (key[0] === TABLE.system) this.#keep(key, value);
      if (key[0] === TABLE.versions) this.#count(value);
    }
  }

  /** A row that a group has once, if it came by. */
  get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#rows.get(toHex(key)));
  }

  #keep(key: Uint8Array, value: Uint8Array): void {
    const name = toHex(key);
    if (CLAIMED.has(name)) this.#rows.set(name, value.slice());
  }

  #count(stored: Uint8Array): void {
    this.#versions++;
    const { header, body } = splitValue(stored);
    if (header.state === 'clear') return;
    this.#sealed++;
    const keyId = envelopeKeyId(body);
    this.#sealedUnder.set(keyId, (this.#sealedUnder.get(keyId) ?? 0) + 1);
  }
}
