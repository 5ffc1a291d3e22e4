/**
 * Lets a few reads look at a time, in order, and none while it is held.
 *
 * A read that has not looked costs next to nothing; its answer may be as large as the largest value.
 */
export class ReadTurns {
  readonly #waiting: (() => void)[] = [];
  #taken = 0;
  #held = false;

  constructor(private readonly atOnceMax: number) {}

  /** Resolves once it is this read's turn; every turn is given back. */
  async take(): Promise<void> {
    if (this.#hasTurn()) this.#taken++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  giveBack(): void {
    this.#taken--;
    this.#grant();
  }

  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.#grant();
  }

  #hasTurn(): boolean {
    return !this.#held && this.#taken < this.atOnceMax;
  }

  #grant(): void {
    while (this.#waiting.length > 0 && this.#hasTurn()) {
      this.#taken++;
      this.#waiting.shift()!();
    }
  }
}
