import type { Patch } from './patches.js';

const NODE = 'libs/core/node/dist';
const RAFT = 'libs/core/raft/dist';
const KEYS = 'libs/core/encryption/dist';

/** What nodes do over time: halt, lead, wait. */
export const RUNNING: Readonly<Record<string, Patch>> = {
  'counts-what-it-could-not-apply': {
    about: 'the entry that a node halts at is taken for applied',
    breaks: ['E9'],
    file: `${NODE}/applying/apply-loop`,
    edits: [
      [
        'this.#haltAt(failure.entry, failure.cause);\n    }',
        '{ const early = this.#parts.store.batch(); putAppliedIndex(early, failure.entry.index);' +
          ' await early.write({ sync: true }); this.#haltAt(failure.entry, failure.cause); }\n    }',
      ],
    ],
    scenario: 'rotation-unwraps-wrong-bytes',
  },
  'ends-without-its-key-service': {
    about: 'a node that serves ends itself when its key service does not answer',
    breaks: ['E20'],
    file: `${KEYS}/keys/kek-canary`,
    edits: [
      [
        'if (!isCaissonError(error))\n                throw error;\n            return error;',
        'throw error;',
      ],
    ],
    scenario: 'key-outage-at-rotation',
  },
  'falls-silent': {
    about: 'a leader stops to be heard of after a few beats',
    breaks: ['L2'],
    file: `${RAFT}/node/tick`,
    edits: [
      [
        "raft.heartbeatElapsed = 0;\n    tell(raft, 'MsgBeat');",
        'raft.heartbeatElapsed = 0;\n    if (raft.beatTerm !== raft.term) { raft.beatTerm = raft.term; raft.beats = 0; }' +
          "\n    if (raft.beats++ < 8) tell(raft, 'MsgBeat');",
      ],
    ],
  },
  'never-lets-go-of-a-byte': {
    about: 'what was proposed goes on to count as waiting, by a byte',
    breaks: ['L3'],
    file: `${NODE}/proposals/proposal-queue`,
    edits: [['this.#bytes -= proposal.payload.length;', 'this.#bytes -= proposal.payload.length - 1;']],
  },
};
