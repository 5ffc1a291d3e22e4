import type { Patch } from './patches.js';

const MVCC = 'libs/core/mvcc/dist';
const KV = 'libs/core/kv/dist';

/** What is promised of several keys at once. */
export const TRANSACTIONS: Readonly<Record<string, Patch>> = {
  'looks-at-what-it-writes': {
    about: 'a transaction commits over what it read, as long as it does not write it',
    breaks: ['T2'],
    scenario: 'transactions-that-overlap',
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
  'writes-half': {
    about: 'of two values written together, the second is left out now and then',
    breaks: ['T7'],
    file: `${MVCC}/apply/version-writer`,
    edits: [
      [
        "if (mutation.op === 'put') {",
        'if (mutation === command.mutations[1] && command.commitTs % 3n === 0n) continue;' +
          " if (mutation.op === 'put') {",
      ],
    ],
  },
  'writes-what-it-refuses': {
    about: 'a write whose condition does not hold is refused, and done',
    breaks: ['R7'],
    file: `${MVCC}/apply/version-writer`,
    edits: [
      [
        'if (failed !== undefined)\n            return failed;',
        "if (failed?.kind === 'failed' && command.mutations[0].op === 'put')" +
          ' this.#put(command.mutations[0], command.commitTs, batch);' +
          ' if (failed !== undefined) return failed;',
      ],
    ],
  },
  'outlives-its-time': {
    about: 'a value is there for a while behind its expiry',
    breaks: ['T8'],
    file: `${MVCC}/read/version`,
    edits: [['isExpired(header.expireAt, expiryTs)', 'isExpired(header.expireAt, expiryTs - (900n << 16n))']],
  },
  'reads-below-the-floor': {
    about: 'a read at a moment whose versions may be gone is answered with what is left',
    breaks: ['T3'],
    file: `${MVCC}/read/snapshot`,
    edits: [['if (readTs < floor)', 'if (readTs < 0n)']],
    scenario: 'old-reads-across-compaction',
  },
};
