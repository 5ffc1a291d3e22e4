import type { Patch } from './patches.js';

const KV = 'libs/core/mvcc/dist';

/** What users see of keys and values. */
export const DATA: Readonly<Record<string, Patch>> = {
  'forgets-requests': {
    about: 'a repeated request has its effect again',
    breaks: ['T1', 'T11'],
    file: `${KV}/apply/request-results`,
    edits: [
      ['return found !== undefined && found.commitTs >= floor ? found : undefined;', 'return undefined;'],
    ],
    scenario: 'requests-have-one-effect',
  },
  'forgets-requests-in-memory': {
    about: 'requests are remembered until the process ends',
    breaks: ['T1', 'T11', 'R5', 'T10'],
    file: `${KV}/apply/request-results`,
    edits: [['batch.put(requestResultKey(requestId), encodeRequestResult(result));', '']],
    scenario: 'requests-have-one-effect',
  },
  'ignores-conditions': {
    about: 'a condition that does not hold does not stop a write',
    breaks: ['T1', 'T11'],
    file: `${KV}/apply/checks`,
    edits: [['if (holds(condition, live))', 'if (holds(condition, live) || number === 0)']],
  },
  'sees-no-conflicts': {
    about: 'a transaction commits over what changed since it began',
    breaks: ['T1', 'T11'],
    file: `${KV}/apply/checks`,
    edits: [['const isNewer = ({ commitTs }) => commitTs > startTs;', 'const isNewer = () => false;']],
  },
  'lets-time-go-back': {
    about: 'an entry commits below the one before it',
    breaks: ['T4', 'T11', 'T1', 'R5', 'L5'],
    file: `${KV}/apply/version-writer`,
    edits: [['return commitTs > lastCommitTs', 'return commitTs > 0n']],
    beside: {
      file: `${KV}/clock/hybrid-clock`,
      edits: [
        ['const ts = this.#compose(ms, counter);', 'const ts = this.#compose(ms - (ms % 7), counter);'],
      ],
    },
  },
  'reads-the-future': {
    about: 'a read at a timestamp sees what was committed a little later',
    breaks: ['T11', 'T1'],
    file: `${KV}/read/version`,
    edits: [
      ['from: versionKey(userKey, ts)', 'from: versionKey(userKey, ts >> 62n ? ts : ts + 500n * 65536n)'],
    ],
  },
};
