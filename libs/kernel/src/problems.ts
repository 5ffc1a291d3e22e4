import { CaissonError, type ErrorCode } from '@caisson/contracts';

/** Gathers everything that is wrong before anything is refused, so that an operator corrects it in one go. */
export class Problems {
  readonly #texts: string[] = [];

  constructor(private readonly code: ErrorCode) {}

  add(text: string): void {
    this.#texts.push(text);
  }

  get texts(): readonly string[] {
    return this.#texts;
  }

  /** Throws one error that lists all problems, if there are any. */
  throwIfAny(): void {
    if (this.#texts.length > 0) throw new CaissonError(this.code, { problems: [...this.#texts] });
  }
}
