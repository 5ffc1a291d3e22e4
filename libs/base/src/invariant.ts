/**
 * A bug in this program, never a condition of the world.
 *
 * Nothing catches it: the host treats it as fatal, drains what it can and exits. `id` is a row of
 * docs/invariants.md, so that a crash report names the broken rule.
 */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';

  constructor(
    readonly id: string,
    detail: string,
  ) {
    super(`invariant ${id} is broken: ${detail}`);
  }
}

/**
 * States a rule that holds whatever users, disks and networks do. Stays on in production.
 *
 * `detail` must not contain values, keys or key material. Pass a constant text on hot paths.
 */
export function invariant(id: string, condition: unknown, detail = 'no detail'): asserts condition {
  if (!condition) throw new InvariantError(id, detail);
}
