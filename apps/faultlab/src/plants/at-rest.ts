import type { Patch } from './patches.js';

const KEYS = 'libs/core/encryption/dist';

/** What lies on disks, for whoever reads them without a node. */
export const AT_REST: Readonly<Record<string, Patch>> = {
  'has-one-salt': {
    about: 'every process derives the same key, and only its epoch tells it from the one before',
    breaks: ['E1'],
    file: `${KEYS}/envelope/salt-source`,
    edits: [['this.#salt = parts.random.bytes(SALT_BYTES);', 'this.#salt = new Uint8Array(SALT_BYTES);']],
    scenario: 'whole-disk-put-back',
  },
  'seals-for-any-place': {
    about: 'a value opens under any key of the store that is as long as its own',
    breaks: ['E7'],
    file: 'libs/formats/dist/envelope-v2',
    edits: [['aad.set(storeKey, headerAt + VALUE_HEADER_BYTES);', '']],
  },
  'one-key-for-both': {
    about: 'the log is sealed under the key of values',
    breaks: ['E4'],
    file: `${KEYS}/door/proposal-door`,
    edits: [['sealing(state.current.keys.activeRaft)', 'sealing(state.current.keys.activeStorage)']],
    beside: {
      file: `${KEYS}/envelope/envelope-v2`,
      edits: [["requireKey(keys, keyId, 'raft')", "requireKey(keys, keyId, 'storage')"]],
    },
  },
  'writes-no-index-down': {
    about: 'a sidecar does not say up to which entry it knows the keys',
    breaks: ['E15', 'L5', 'L1'],
    file: `${KEYS}/sidecar/sidecar-book`,
    edits: [
      [
        'const content = this.#floored(mergeSidecar(this.#content ?? empty, change));',
        'const told = this.#content === undefined ? change : { ...change, groups: undefined };' +
          ' const content = this.#floored(mergeSidecar(this.#content ?? empty, told));',
      ],
    ],
    scenario: 'rotations-under-load',
  },
  'erases-what-is-used': {
    about: 'a key is erased whatever is sealed under it',
    breaks: ['E18'],
    file: `${KEYS}/lifecycle/retire-orders`,
    edits: [
      ['if (blockers.length === 0 || dryRun)', 'if (blockers.length >= 0 || dryRun)'],
      ['this.#refuse(blockers);\n        return blockers.length === 0;', 'return true;'],
    ],
    beside: {
      file: `${KEYS}/rewrite/retired-keys`,
      edits: [
        ['(await this.#isReferred(keyId, signal))', '(await this.#isReferred(keyId, signal)) === null'],
      ],
    },
    scenario: 'a-key-in-use-is-given-up',
  },
};
