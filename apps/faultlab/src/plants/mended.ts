import type { Patch } from './patches.js';

const NODE = 'libs/core/node/dist';
const KEYS = 'libs/core/encryption/dist';

/** What storms once found in the product, as it was before it was mended. */
export const MENDED: Readonly<Record<string, Patch>> = {
  'keeps-strangers-out': {
    about: 'a node that was away while members changed is told of nobody whom it never met',
    breaks: ['L1'],
    file: `${NODE}/consensus/introductions`,
    edits: [
      [
        "if (member.address === '' || this.#busy.has(peer))",
        'if (member.address !== undefined || this.#busy.has(peer))',
      ],
    ],
    scenario: 'led-by-a-stranger',
  },
  'shows-received-keys-early': {
    about: 'a state that was received shows its keys before there are epochs under them',
    breaks: ['L5', 'L1', 'E13'],
    file: `${KEYS}/snapshot/side-state`,
    edits: [
      ['await beginSeals(node.keys, this.#judged);\n        await store.close();', 'await store.close();'],
      [
        'isFresh: true });\n        });',
        'isFresh: true });\n        });\n        await beginSeals(node.keys, this.#judged);',
      ],
    ],
    scenario: 'keys-in-a-received-state',
  },
  'halts-when-it-stops': {
    about: 'a node that is told to stop while an entry waits for its keys says that it cannot apply it',
    breaks: ['L5', 'L1', 'H8'],
    file: `${NODE}/applying/apply-loop`,
    edits: [["if (isCaissonError(failure.cause, 'DRAINING'))", "if (failure.cause === 'DRAINING')"]],
    scenario: 'stopped-amid-a-rotation',
  },
  'takes-old-disks-for-a-bug': {
    about: 'a member whose disks are older than what it confirmed ends as if the program were wrong',
    breaks: ['L5'],
    file: `${NODE}/consensus/core-failure`,
    edits: [["const LOG_IS_SHORTER = 'RAFT-11';", "const LOG_IS_SHORTER = 'RAFT-0';"]],
    scenario: 'disks-put-back-to-an-older-image',
  },
  'wraps-under-whatever-answers': {
    about: 'a new data key is wrapped under a KEK that does not open the one in use',
    breaks: ['L1', 'H8'],
    file: `${KEYS}/driver/key-entries`,
    edits: [['if (known === undefined)\n        await requireUnchangedKeks(node, session, signal);', '']],
    scenario: 'rotation-under-another-kek',
  },
};
