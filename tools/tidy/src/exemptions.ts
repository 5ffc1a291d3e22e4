import type { Exemption } from './rule.js';

/**
 * Permissions to break a rule, each with its reason. One that excuses nothing any more fails the check.
 */
export const EXEMPTIONS: readonly Exemption[] = [
  {
    rule: 'banned-words',
    path: 'libs/kernel/src/bounded.ts',
    about: 'setTimeout',
    reason: 'the host bounds starts and stops before any Clock exists and after it has stopped',
  },
  {
    rule: 'banned-words',
    path: 'libs/disk/src/own-resumption.ts',
    about: 'setTimeout',
    reason:
      'a thread of the database keeps real time, and a close waits for the gap between two of its tries',
  },
  {
    rule: 'module-state',
    path: 'libs/plugins/platform-node/src/hold.ts',
    about: 'held',
    reason: 'the locks of the operating system belong to the process, so this memory of them does too',
  },
  {
    rule: 'banned-words',
    path: 'tools/tidy/src/',
    reason: 'the rules and their planted violations name the words they forbid',
  },
];
