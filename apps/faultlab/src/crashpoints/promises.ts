import type { LoneNode } from './lone-node.js';

/** What a client was told: the last acknowledged value of a key, and those that were on their way. */
export interface Told {
  readonly acknowledged: string | undefined;
  readonly pending: readonly string[];
}

export type Promised = Readonly<Record<string, Told>>;

/** Writes through a node, and keeps what it said. */
export class Client {
  #promised: Promised;
  #count = 0;
  readonly #node: LoneNode;
  readonly #promise: (promised: Promised) => void;

  /** `held` is what clients before were told. */
  constructor(node: LoneNode, promise: (promised: Promised) => void, held: Promised = {}) {
    this.#node = node;
    this.#promise = promise;
    this.#promised = held;
  }

  async put(key: string): Promise<void> {
    const value = `${key} ${this.#node.name} ${++this.#count}`;
    const told = this.#promised[key] ?? { acknowledged: undefined, pending: [] };
    this.#tell(key, { ...told, pending: [...told.pending, value] });
    await this.#node.put(key, value);
    const pending = this.#promised[key]!.pending.filter((each) => each !== value);
    this.#tell(key, { acknowledged: value, pending });
  }

  /** Several at once, of different keys: they share an append. */
  async putAll(...keys: readonly string[]): Promise<void> {
    await Promise.all(keys.map((key) => this.put(key)));
  }

  #tell(key: string, told: Told): void {
    this.#promised = { ...this.#promised, [key]: told };
    this.#promise(this.#promised);
  }
}

/** What is wrong with what a node holds, if anything is. */
export async function brokenPromise(node: LoneNode, promised: Promised): Promise<string | undefined> {
  for (const [key, { acknowledged, pending }] of Object.entries(promised)) {
    const found = await node.read(key);
    if (found === acknowledged || (found !== undefined && pending.includes(found))) continue;
    return `${key} is ${found} and was acknowledged as ${acknowledged}`;
  }
  return undefined;
}
