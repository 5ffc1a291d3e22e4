/** One thing that clients do, over and over. */
export interface Workload {
  /** Once, for this client; what comes of it is noted. */
  turn(client: string): Promise<void>;
}

/** Names that live for so many turns: what is written to for long is slow to judge. */
export class Rotation {
  readonly #prefix: string;
  readonly #turnsMax: number;
  readonly #ages: number[];

  constructor(prefix: string, slots: number, turnsMax: number) {
    this.#prefix = prefix;
    this.#turnsMax = turnsMax;
    this.#ages = Array.from({ length: slots }, () => 0);
  }

  get slots(): number {
    return this.#ages.length;
  }

  /** The name in a slot, older by one turn. */
  use(slot: number): string {
    const age = this.#ages[slot]!++;
    return `${this.#prefix}${slot}.${Math.floor(age / this.#turnsMax)}`;
  }
}
