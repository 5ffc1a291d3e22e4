import { CaissonError, type RaftLog } from '@caisson/contracts';

/**
 * Log and store must meet: every entry between what the store holds and what was acknowledged is in the log.
 * Neither side can repair the other, so anything else stops the start.
 */
export function checkContinuity(group: number, log: RaftLog, applied: number): void {
  const details = { group, applied, logStart: log.start.index, logLast: log.last };
  if (log.last < log.hardState.commit) {
    const problem = 'the log ends below what it recorded as committed';
    throw new CaissonError('CORRUPTION', { ...details, commit: log.hardState.commit, problem });
  }
  if (log.last < applied) {
    const problem = 'the log ends below what the store has applied';
    throw new CaissonError('CORRUPTION', { ...details, problem });
  }
  if (log.start.index > applied) {
    const problem = 'entries between store and log are missing';
    throw new CaissonError('CORRUPTION', { ...details, problem });
  }
}
