import type { Subject } from './subject.js';
import { CALLS } from './subjects/calls.js';
import { ENTRIES } from './subjects/entries.js';
import { LOG_FILES } from './subjects/log-files.js';
import { MESSAGES } from './subjects/messages.js';
import { MOVED } from './subjects/moved.js';
import { QUESTIONS } from './subjects/questions.js';
import { SEALED } from './subjects/sealed.js';
import { STORED } from './subjects/stored.js';

/** Every decoder of Caisson that may meet bytes it did not write. */
export const SUBJECTS: readonly Subject[] = [
  ...ENTRIES,
  ...STORED,
  ...LOG_FILES,
  ...SEALED,
  ...MOVED,
  ...MESSAGES,
  ...QUESTIONS,
  ...CALLS,
];
