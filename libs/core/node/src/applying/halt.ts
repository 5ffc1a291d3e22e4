import { CaissonError, toCaissonError } from '@caisson/contracts';

export interface HaltPoint {
  readonly group: number;
  readonly index: number;
  readonly term: number;
}

/**
 * The fatal error of a group that met an entry it must not skip. It says what an operator needs without
 * quoting anything of the entry; the failure itself stays attached as the cause.
 */
export function haltAt({ group, index, term }: HaltPoint, failure: unknown): CaissonError {
  const cause = toCaissonError(failure);
  const details = { group, index, term, reason: cause.code, nextStep: cause.entry.wayOut };
  return new CaissonError('APPLY_HALTED', details, { cause });
}
