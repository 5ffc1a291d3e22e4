/** A broken promise of the protocol, seen from outside. `rule` is a row of the table in `safety.ts`. */
export class Violation extends Error {
  override readonly name = 'Violation';

  constructor(
    readonly rule: string,
    detail: string,
  ) {
    super(`${rule}: ${detail}`);
  }
}

export function uphold(rule: string, holds: boolean, detail: () => string): void {
  if (!holds) throw new Violation(rule, detail());
}

/** The rule or invariant that an error speaks of; errors of other kinds under their own text. */
export function ruleOf(error: unknown): string {
  if (error instanceof Violation) return error.rule;
  return error instanceof Error ? `${error.name} ${error.message}` : String(error);
}
