import { InvariantError } from '@caisson/base';
import { CaissonError, toCaissonError } from '@caisson/contracts';

/** A leader that knows of entries here that are not here. To the core that is a rule broken. */
const LOG_IS_SHORTER = 'RAFT-11';

/**
 * What a failure of the core means to whoever runs the node. A disk that was put back to an older image
 * forgot what this member once confirmed, which no program can help: everything else is a bug.
 */
export function failureOf(cause: unknown, group: number): CaissonError {
  if (!(cause instanceof InvariantError) || cause.id !== LOG_IS_SHORTER) return toCaissonError(cause);
  const problem = 'the log ends below what this member confirmed to its leader';
  return new CaissonError('CORRUPTION', { group, problem }, { cause });
}
