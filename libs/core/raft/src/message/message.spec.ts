import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type ConfChange,
  confChangeEntry,
  createConfChange,
  decodeConfChange,
  leavesJoint,
  wayOf,
} from './conf-change.js';
import {
  encodedSize,
  encodedSizes,
  type Entry,
  limitSize,
  NO_DATA,
  payloadSize,
  unplacedEntry,
} from './entry.js';
import { createMessage, isLocalType, isResponseType, type MessageType, voteResponseType } from './message.js';
import { EMPTY_CONF_STATE, equivalentConfStates } from './state.js';

const entryOf = (size: number): Entry => ({ ...unplacedEntry(new Uint8Array(size)), term: 1, index: 1 });

describe('entry sizes', () => {
  test('the payload is the data, and nothing when there is none', () => {
    expect([payloadSize(entryOf(0)), payloadSize(entryOf(7))]).toEqual([0, 7]);
  });

  test('the encoded size counts like a protocol buffer', () => {
    expect(encodedSize(entryOf(0))).toBe(4);
    expect(encodedSize(entryOf(5))).toBe(4 + 2 + 5);
    expect(encodedSize(entryOf(200))).toBe(4 + 3 + 200);
    expect(encodedSize({ ...entryOf(0), term: 2 ** 40, index: 300 })).toBe(1 + 6 + 1 + 2);
    expect(encodedSize({ ...entryOf(0), type: 'EntryConfChangeV2' })).toBe(6);
  });

  test('a limit takes the longest prefix within it, and never nothing', () => {
    const entries = [entryOf(10), entryOf(10), entryOf(10)];
    const size = encodedSize(entries[0]!);
    const lengths = [0, size, 2 * size - 1, 2 * size, 3 * size, Infinity].map(
      (max) => limitSize(entries, max).length,
    );
    expect(lengths).toEqual([1, 1, 1, 2, 3, 3]);
    expect(limitSize([], 5)).toEqual([]);
    expect(encodedSizes(entries)).toBe(3 * size);
  });
});

describe('message types', () => {
  const LOCAL = ['MsgHup', 'MsgBeat', 'MsgUnreachable', 'MsgSnapStatus', 'MsgCheckQuorum'];
  const STORAGE = ['MsgStorageAppend', 'MsgStorageAppendResp', 'MsgStorageApply', 'MsgStorageApplyResp'];
  const REQUESTS = [
    'MsgProp',
    'MsgApp',
    'MsgVote',
    'MsgPreVote',
    'MsgSnap',
    'MsgHeartbeat',
    'MsgTransferLeader',
  ];
  const OTHERS = ['MsgTimeoutNow', 'MsgForgetLeader', 'MsgReadIndex'];
  const ANSWERS = ['MsgAppResp', 'MsgVoteResp', 'MsgPreVoteResp', 'MsgHeartbeatResp', 'MsgReadIndexResp'];

  test('that a node only tells itself are local', () => {
    expect([...LOCAL, ...STORAGE].every((type) => isLocalType(type as MessageType))).toBe(true);
    expect([...REQUESTS, ...OTHERS, ...ANSWERS].some((type) => isLocalType(type as MessageType))).toBe(false);
  });

  test('that answer something are responses', () => {
    const responses = [...ANSWERS, 'MsgUnreachable', 'MsgStorageAppendResp', 'MsgStorageApplyResp'];
    expect(responses.every((type) => isResponseType(type as MessageType))).toBe(true);
    const requests = [...REQUESTS, ...OTHERS, 'MsgHup', 'MsgBeat', 'MsgStorageAppend', 'MsgStorageApply'];
    expect(requests.some((type) => isResponseType(type as MessageType))).toBe(false);
  });

  test('a vote is answered in kind, and what is not given is empty', () => {
    expect([voteResponseType('MsgVote'), voteResponseType('MsgPreVote')]).toEqual([
      'MsgVoteResp',
      'MsgPreVoteResp',
    ]);
    expect(createMessage({ type: 'MsgApp', to: 2 })).toMatchObject({
      to: 2,
      term: 0,
      entries: [],
      reject: false,
    });
  });
});

const stepArbitrary = fc.record({
  kind: fc.constantFrom('add-voter' as const, 'remove' as const, 'update' as const, 'add-learner' as const),
  id: fc.integer({ min: 0, max: 2 ** 53 - 1 }),
});
const changeArbitrary: fc.Arbitrary<ConfChange> = fc.record({
  transition: fc.constantFrom('auto' as const, 'implicit' as const, 'explicit' as const),
  changes: fc.array(stepArbitrary, { maxLength: 5 }),
  context: fc.uint8Array({ maxLength: 20 }),
});

describe('a membership change', () => {
  test('comes back from its bytes', () => {
    fc.assert(
      fc.property(changeArbitrary, (change) => {
        expect(decodeConfChange(confChangeEntry(change))).toEqual(change);
        const single = { ...change, transition: 'auto' as const, changes: change.changes.slice(0, 1) };
        fc.pre(single.changes.length === 1);
        expect(decodeConfChange(confChangeEntry(single, { version: 1 }))).toEqual(single);
      }),
    );
  });

  test('is read from no bytes but its own', () => {
    expect(decodeConfChange(unplacedEntry(Uint8Array.of(1, 2, 3)))).toBeUndefined();
    const decode = (...bytes: number[]): unknown =>
      decodeConfChange(unplacedEntry(Uint8Array.from(bytes), 'EntryConfChangeV2'));
    expect([decode(9, 0), decode(0), decode(0, 2, 0, 1), decode(0, 1, 9, 1), decode(0, 1, 0, 255)]).toEqual(
      Array.from({ length: 5 }, () => undefined),
    );
    expect(decodeConfChange(unplacedEntry(NO_DATA, 'EntryConfChange'))).toBeUndefined();
  });

  test('that is empty leaves the joint membership, whatever its context', () => {
    expect(confChangeEntry(createConfChange({})).data).toHaveLength(0);
    expect(decodeConfChange(unplacedEntry(NO_DATA, 'EntryConfChangeV2'))).toEqual(createConfChange({}));
    expect(leavesJoint(createConfChange({ context: Uint8Array.of(1) }))).toBe(true);
    expect(leavesJoint(createConfChange({ transition: 'implicit' }))).toBe(false);
    expect(leavesJoint(createConfChange({ changes: [{ kind: 'remove', id: 1 }] }))).toBe(false);
  });

  test('is joint if asked for or if there is more than one step, and leaves by itself unless explicit', () => {
    const one = [{ kind: 'remove' as const, id: 1 }];
    const two = [...one, { kind: 'add-voter' as const, id: 2 }];
    expect(wayOf(createConfChange({ changes: one }))).toBe('simple');
    expect(wayOf(createConfChange({ changes: two }))).toEqual({ autoLeave: true });
    expect(wayOf(createConfChange({ changes: one, transition: 'implicit' }))).toEqual({ autoLeave: true });
    expect(wayOf(createConfChange({ changes: two, transition: 'explicit' }))).toEqual({ autoLeave: false });
  });
});

describe('records of memberships', () => {
  test('are equal if they mean the same', () => {
    const state = { ...EMPTY_CONF_STATE, voters: [1, 2], learners: [3] };
    expect(equivalentConfStates(state, { ...state, voters: [2, 1] })).toBe(true);
    expect(equivalentConfStates(state, { ...state, voters: [1] })).toBe(false);
    expect(equivalentConfStates(state, { ...state, learners: [] })).toBe(false);
    expect(equivalentConfStates(state, { ...state, votersOutgoing: [1] })).toBe(false);
    expect(equivalentConfStates(state, { ...state, learnersNext: [1] })).toBe(false);
    expect(equivalentConfStates(state, { ...state, autoLeave: true })).toBe(false);
  });
});
