import type { Finding } from '../oracles/rules.js';
import type { CrashNumbers } from './explorer.js';

/** What a crash found, as storms say it. */
export function findingsOf({ failures }: CrashNumbers): readonly Finding[] {
  return failures.map(({ at, problem, profile }) => ({
    rule: problem.startsWith('epoch') ? 'E13' : 'R6',
    atMs: 0,
    text: `power lost on a ${profile} disk behind ${at.join(', then ')}: ${problem}`,
  }));
}
