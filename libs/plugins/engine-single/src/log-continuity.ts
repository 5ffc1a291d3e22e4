import { CaissonError, type RaftLog } from '@caisson/contracts';

/**
 * Log and store must meet: every entry between what the store holds and what was acknowledged is in the log.
 * Neither side can repair the other, so anything else stops the start.
 */
export function checkContinuity(group: number, log: RaftLog, applied: number): void {
  const details = { group, applied, logStart: log.start.index, logLast: log.last };
  if (log.last < applied) {
    throw new CaissonError('CORRUPTION', {
      ...details,
      problem: 'the log ends below what the store has applied',
    });
  }
  if (log.start.index > applied) {
    throw new CaissonError('CORRUPTION', {
      ...details,
      problem: 'entries between store and log are missing',
    });
  }
}

/** The term under which this node appends: the highest it knows of, at least 1. */
export async function appendTerm(log: RaftLog): Promise<number> {
  const last = await log.term(log.last);
  return Math.max(1, log.hardState.term, last);
}
