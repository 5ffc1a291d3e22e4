import type { Profile } from '../faults/plan.js';
import type { RuleId } from '../oracles/rules.js';
import { AT_REST } from './at-rest.js';
import { DATA } from './data.js';
import { CHECKERS } from './checkers.js';
import { MENDED } from './mended.js';
import { RUNNING } from './running.js';
import { TRANSACTIONS } from './transactions.js';

/** A bug planted into the built sources of one package, before anything of it is loaded. */
export interface Patch {
  readonly about: string;
  /** The rules that it may be seen to break. */
  readonly breaks: readonly RuleId[];
  /** Below the repository, without its ending. */
  readonly file: string;
  /** Each text occurs exactly once in the built file. */
  readonly edits: readonly (readonly [find: string, replace: string])[];
  /** Another file, where one does not do. */
  readonly beside?: Pick<Patch, 'file' | 'edits'>;
  /** The storm that brings it out, by the name of a scenario; seeds of `storms` where there is none. */
  readonly scenario?: string;
  readonly storms?: Profile;
}

const RAFT = 'libs/core/raft/dist';
const NODE = 'libs/core/node/dist';
const KEYS = 'libs/core/encryption/dist';

/** Agreement: who leads, what is committed, and when it may be said. */
const CONSENSUS: Readonly<Record<string, Patch>> = {
  'forgets-its-vote': {
    about: 'whoever asks for a vote gets it, whether it was given away or not',
    breaks: ['R1', 'R2', 'R3', 'R8', 'T11', 'L5'],
    file: `${RAFT}/node/vote`,
    edits: [['raft.vote = from;', '']],
    scenario: 'elections-on-slow-links',
  },
  'votes-for-the-backward': {
    about: 'a candidate is elected whose log is behind',
    breaks: ['R2', 'R3', 'R8', 'T11', 'L5'],
    file: `${RAFT}/node/vote`,
    edits: [['if (!canVote || !raft.log.isUpToDate({ term: logTerm, index })) {', 'if (!canVote) {']],
    scenario: 'a-candidate-that-is-behind',
  },
  'counts-to-half': {
    about: 'one vote less than a majority commits and elects',
    breaks: ['R1', 'R3', 'R8', 'T11', 'L5', 'L1'],
    file: `${RAFT}/quorum/majority`,
    edits: [['Math.floor(voters / 2) + 1', 'Math.max(1, Math.floor(voters / 2))']],
    scenario: 'a-candidate-that-is-behind',
  },
  'reads-on-trust': {
    about: 'a leader answers reads without asking whether it still leads',
    breaks: ['T1', 'T11'],
    file: `${RAFT}/node/leader-reads`,
    edits: [
      ["if (raft.options.readMode === 'lease-based' &&", "if (raft.options.readMode !== 'lease-based' &&"],
    ],
    scenario: 'leaders-cut-off-for-a-moment',
  },
  'says-before-it-stores': {
    about: 'what was promised is said before the log has it',
    breaks: ['R3', 'R8', 'T11', 'L5', 'L1'],
    file: `${NODE}/consensus/append-thread`,
    edits: [
      [
        'const entries = merged(taken);',
        'const entries = merged(taken); for (const { responses } of taken) this.#parts.deliver(responses);',
      ],
    ],
  },
  'never-campaigns': {
    about: 'a follower that hears of nobody goes on waiting',
    breaks: ['L1'],
    file: `${RAFT}/node/tick`,
    edits: [['raft.electionElapsed < raft.randomizedElectionTimeout', 'raft.term > 1']],
  },
};

/** Applying: in order, once, as a whole, and answered for what it was. */
const APPLYING: Readonly<Record<string, Patch>> = {
  'saves-its-place-first': {
    about: 'the applied index is stored before the effects it stands for',
    breaks: ['R4', 'R5', 'T10', 'T11', 'L5'],
    file: `${NODE}/applying/apply-loop`,
    edits: [
      [
        'await run.batch.write({ sync: run.sync });',
        'const early = this.#parts.store.batch(); putAppliedIndex(early, run.last);' +
          ' await early.write({ sync: true }); await run.batch.write({ sync: run.sync });',
      ],
    ],
  },
  'goes-on-after-a-failure': {
    about: 'an entry that cannot be applied is left out',
    breaks: ['R4', 'R5', 'T10', 'T11', 'L5', 'L1'],
    file: `${NODE}/applying/apply-loop`,
    edits: [
      ['return { entry, cause };', 'this.#pending.shift(); run.accept(entry, undefined); return undefined;'],
    ],
    scenario: 'rotation-unwraps-wrong-bytes',
  },
  'answers-for-others': {
    about: 'whoever waits at a place in the log is answered, whatever came to stand there',
    breaks: ['T1', 'T11', 'L5'],
    file: `${NODE}/proposals/answers`,
    edits: [
      [
        'const own = waiting.term === term && waiting.proposal.proposalId === proposalId;',
        'const own = true;',
      ],
      ['this.#waiting.get(index)?.proposal.fail(replaced(index));', ''],
      ['if (index < first || waiting.term >= term)', 'if (index >= 0)'],
    ],
    scenario: 'leaders-cut-off-for-a-moment',
  },
  'reads-what-is-not-applied': {
    about: 'a read does not wait for what was confirmed to be applied',
    breaks: ['T1', 'T11'],
    file: `${NODE}/reading/read-barrier`,
    edits: [
      [
        "await this.#applied.reach(typeof position === 'number' ? position : await position);",
        'await position;',
      ],
    ],
    scenario: 'reads-on-slow-nodes',
  },
  'snapshots-forget-requests': {
    about: 'a snapshot leaves out which requests were answered',
    breaks: ['R10', 'T10', 'T11', 'R5'],
    file: `${NODE}/snapshots/outgoing-stream`,
    edits: [
      [
        'for await (const pairs of pagesAhead(view.rows())) {',
        'for await (const all of pagesAhead(view.rows())) {' +
          " const pairs = all.filter(({ key }) => !Buffer.from(key).includes('request|'));",
      ],
    ],
    storms: 'swarm',
  },
};

/** Keys: their epochs, writers, cutovers, and who may see what. */
const ENCRYPTION: Readonly<Record<string, Patch>> = {
  'counts-in-circles': {
    about: 'nonces come round again',
    breaks: ['E1', 'E2'],
    file: `${KEYS}/envelope/nonce-factory`,
    edits: [['this.#low++;', 'this.#low = (this.#low + 1) % 40;']],
  },
  'keeps-its-epoch': {
    about: 'a process seals in the epoch of the one before it',
    breaks: ['E1', 'L1', 'L5'],
    file: `${KEYS}/node/node-keys`,
    edits: [
      ['return epoch + 1;', 'return epoch;'],
      ['(this.seals.epochOf(keyId) ?? -1) <= registered', '(this.seals.epochOf(keyId) ?? -1) < 0'],
      ['Math.max(content.keys.get(keyId).localEpoch, registered)', 'content.keys.get(keyId).localEpoch'],
    ],
    scenario: 'restarts-under-envelope-1',
  },
  'seals-before-it-is-written': {
    about: 'an epoch is used that no disk knows of',
    breaks: ['E13', 'E1', 'L5'],
    file: `${KEYS}/node/node-keys`,
    edits: [['await this.book.record({ epochs });', '']],
  },
  'registers-backwards': {
    about: 'the registry takes an epoch below the one it knows',
    breaks: ['E12'],
    file: `${KEYS}/writers/registration`,
    edits: [
      [
        'if (epoch > row.lastSeenEpoch)',
        "if (row.lastSeenEpoch > 1) return { kind: 'written', row: { ...row, lastSeenEpoch: row.firstSeenEpoch } };" +
          ' if (epoch > row.lastSeenEpoch)',
      ],
    ],
    scenario: 'restarts-under-envelope-1',
  },
  'cuts-over-by-name': {
    about: 'the index of the cutover depends on the node',
    breaks: ['E10', 'L1', 'L5', 'E11'],
    file: `${KEYS}/apply/lifecycle`,
    edits: [
      ['raftCutoverIndex: index }', 'raftCutoverIndex: index + Number(context.keys.seals.fullNodeId % 2n) }'],
    ],
    scenario: 'cutover-under-load',
  },
  'cuts-over-late': {
    about: 'a few entries behind the cutover may be clear',
    breaks: ['E11', 'E5'],
    file: `${KEYS}/door/proposal-door`,
    edits: [
      [
        'if (at.index <= raftCutover(state.current))\n            return encodeClearProposal(at.proposalId, payload);',
        'if (at.index <= raftCutover(state.current) + 6) return encodeClearProposal(at.proposalId, payload);',
      ],
      [
        "if (at.index <= raftCutover(this.#parts.state.current))\n            return { kind: 'payload'",
        "if (at.index <= raftCutover(this.#parts.state.current) + 6) return { kind: 'payload'",
      ],
    ],
    scenario: 'cutover-under-load',
  },
  'stores-in-clear': {
    about: 'values are stored as they are, cutover or not',
    breaks: ['E5', 'E11'],
    file: `${KEYS}/door/value-door`,
    edits: [
      ['if (!state.storageEnvelopeActive ||', 'if (body.length % 2 === 0 || !state.storageEnvelopeActive ||'],
    ],
  },
  'misses-the-rotation': {
    about: 'values go on being sealed under the key before',
    breaks: ['E22'],
    file: `${KEYS}/door/value-door`,
    edits: [
      [
        'const by = this.#parts.sealing(state.activeStorage);',
        "const own = state.keys.filter(({ purpose, state: of }) => purpose === 'storage' && of !== 'retired');" +
          ' const by = this.#parts.sealing((this.first ??= own[0].keyId) && own.some(({ keyId }) => keyId === this.first)' +
          ' ? this.first : state.activeStorage);',
      ],
    ],
    scenario: 'rotations-under-load',
  },
  'starts-without-encryption': {
    about: 'an encrypted directory opens with encryption off',
    breaks: ['E19'],
    file: `${KEYS}/node/start-guards`,
    edits: [
      ["throw new CaissonError('SIDECAR_PRESENT_WITHOUT_FLAG', { path });", 'return;'],
      ["throw new CaissonError('ENCRYPTION_NOT_ENABLED');", 'return;'],
    ],
    beside: {
      file: `${KEYS}/node/group-guards`,
      edits: [['if (!config.enabled) {', 'if (!config.enabled) { return;']],
    },
    scenario: 'starts-with-encryption-off',
  },
  'never-lets-go': {
    about: 'users held back for the cutover are not let in again',
    breaks: ['L1', 'H6'],
    file: `${KEYS}/lifecycle/proposal-hold`,
    edits: [['return () => void this.#reasons.delete(reason);', 'return () => undefined;']],
    scenario: 'cutover-under-load',
  },
  'does-not-wait-for-keys': {
    about: 'a key service that is out of reach ends a start for good',
    breaks: ['H8', 'L1', 'L5'],
    file: `${KEYS}/keys/patience`,
    edits: [['if (!isCaissonError(error) || !isPassing(error))', 'if (attempt >= 0)']],
    scenario: 'key-outage-at-restart',
  },
  'shows-keys': {
    about: 'an answer to an operator shows the keys that were opened',
    breaks: ['E6'],
    file: `${KEYS}/lifecycle/kek-checks`,
    edits: [
      [
        'const isSame = held !== undefined',
        "const shown = Buffer.from(dek.reveal()).toString('hex'); const isSame = held !== undefined",
      ],
      ["return isSame ? { result: 'opened' }", "return isSame ? { result: 'opened', shown }"],
    ],
    scenario: 'rotations-under-load',
  },
  'tells-values': {
    about: 'the error of a write that failed tells what was to be written',
    breaks: ['E5'],
    file: `${NODE}/proposals/pending-proposal`,
    edits: [
      ['fail(error) {', "fail(error) { error.message += Buffer.from(this.payload).toString('latin1');"],
    ],
    scenario: 'leaders-cut-off-for-a-moment',
  },
  'welcomes-everybody': {
    about: 'two nodes of one short id are let in',
    breaks: ['E14', 'E1'],
    file: `${KEYS}/writers/registration`,
    edits: [
      ['if (row.fullNodeId !== fullNodeId)', 'if (row.fullNodeId === 0n)'],
      ['{ ...row, lastSeenEpoch: epoch }', '{ ...row, fullNodeId, lastSeenEpoch: epoch }'],
    ],
    beside: {
      file: `${KEYS}/candidate/candidates`,
      edits: [['await this.#refuseCollision(candidate);', '']],
    },
    scenario: 'short-ids-collide',
  },
  'rewrites-too-short': {
    about: 'rewriting puts a shorter value in the place of the one it read',
    breaks: ['T10', 'T11', 'T1', 'R5', 'L5'],
    file: `${KEYS}/rewrite/group-rewrite`,
    edits: [['batch.put(key, value);', 'batch.put(key, value.slice(0, Math.max(9, value.length - 1)));']],
    scenario: 'rewrite-while-leaders-change',
  },
  'invents-check-values': {
    about: 'what stands for a key in the state of a group depends on the node',
    breaks: ['E17', 'L5', 'L1', 'T10'],
    file: `${KEYS}/apply/rotation`,
    edits: [
      [
        "const record = { ...incoming, check, state: 'active' };",
        'const odd = Number(context.keys.seals.fullNodeId % 2n);' +
          " const record = { ...incoming, check: check.map((byte) => byte ^ odd), state: 'active' };",
      ],
    ],
    scenario: 'rotations-under-load',
  },
  'tries-no-proof': {
    about: 'an order about keys asks nobody whether they hold the KEK',
    breaks: ['H8', 'L5'],
    file: `${KEYS}/lifecycle/capability-check`,
    edits: [
      [
        'if (error !== undefined)\n            problems.push(',
        'if (error === null)\n            problems.push(',
      ],
    ],
    scenario: 'wrong-key-on-one-node',
  },
  'salts-nothing': {
    about: 'every process derives the same key, and seals in the epoch of the one before it',
    breaks: ['E1', 'E2'],
    file: `${KEYS}/envelope/salt-source`,
    edits: [['this.#salt = parts.random.bytes(SALT_BYTES);', 'this.#salt = new Uint8Array(SALT_BYTES);']],
    beside: { file: `${KEYS}/node/node-keys`, edits: [['return epoch + 1;', 'return epoch;']] },
  },
};

export const PATCHES: Readonly<Record<string, Patch>> = {
  ...CONSENSUS,
  ...APPLYING,
  ...DATA,
  ...TRANSACTIONS,
  ...ENCRYPTION,
  ...AT_REST,
  ...MENDED,
  ...CHECKERS,
  ...RUNNING,
};

/** Every file that a bug changes. */
export function filesOf({ beside, edits, file }: Patch): readonly Pick<Patch, 'file' | 'edits'>[] {
  return beside === undefined ? [{ file, edits }] : [{ file, edits }, beside];
}
