import type { Patch } from './patches.js';

const MVCC = 'libs/core/mvcc/dist';
const KV = 'libs/core/kv/dist';

/** What is promised of several keys at once. */
export const TRANSACTIONS: Readonly<Record<string, Patch>> = {
  'looks-at-what-it-writes': {
    about: 'a transaction commits over what it read, as long as it does not write it',
    breaks: ['T2', 'T11', 'R5'],
    file: `${MVCC}/apply/checks`,
    edits: [['for (const key of command.readKeys) {', 'for (const key of command.readKeys.slice(0, 0)) {']],
  },
  'begins-in-the-past': {
    about: 'the moment that a transaction reads at is what its node has applied',
    breaks: ['T2', 'T11'],
    file: `${KV}/reads/reader`,
    edits: [
      [
        "await this.#group.readBarrier('linearizable', signal);\n        const view",
        "await this.#group.readBarrier('stale', signal);\n        const view",
      ],
    ],
  },
  'skips-between-pages': {
    about: 'a page of a scan begins behind the key that no longer fitted into the one before',
    breaks: ['T9'],
    file: `${MVCC}/read/snapshot`,
    edits: [
      ['resumeBehind: isOver ? pairs.at(-1).key : userKeyOf(end.last)', 'resumeBehind: userKeyOf(end.last)'],
    ],
  },
};
