import { InvariantError, toHex } from '@caisson/base';
import { isCaissonError } from '@caisson/contracts';
import fc from 'fast-check';
import { bytes, codec, index, judgeCodecs } from '../testdata/hostile.js';
import { decodeRaftFrames, encodeRaftFrames, raftFrameBytes } from './raft-message-frames.js';
import { decodeRaftMessage, encodeRaftMessage, type WireMessage } from './raft-message.js';

const ids = fc.array(index, { maxLength: 3 });
const entry = fc.record({
  term: index,
  index,
  type: fc.constantFrom('EntryNormal' as const, 'EntryConfChange' as const, 'EntryConfChangeV2' as const),
  data: bytes(20),
});
const snapshot = fc.record({
  index,
  term: index,
  confState: fc.record({
    voters: ids,
    votersOutgoing: ids,
    learners: ids,
    learnersNext: ids,
    autoLeave: fc.boolean(),
  }),
  data: bytes(20),
});
const rare = fc.oneof(fc.constant(0), index);
const message: fc.Arbitrary<WireMessage> = fc.record({
  type: fc.constantFrom(
    'MsgProp' as const,
    'MsgApp' as const,
    'MsgAppResp' as const,
    'MsgVote' as const,
    'MsgVoteResp' as const,
    'MsgPreVote' as const,
    'MsgPreVoteResp' as const,
    'MsgSnap' as const,
    'MsgHeartbeat' as const,
    'MsgHeartbeatResp' as const,
    'MsgTransferLeader' as const,
    'MsgTimeoutNow' as const,
    'MsgForgetLeader' as const,
    'MsgReadIndex' as const,
    'MsgReadIndexResp' as const,
  ),
  to: index,
  from: index,
  term: index,
  logTerm: rare,
  index: rare,
  entries: fc.array(entry, { maxLength: 3 }),
  commit: rare,
  vote: rare,
  snapshot: fc.option(snapshot, { nil: undefined }),
  reject: fc.boolean(),
  rejectHint: rare,
  context: bytes(12),
  responses: fc.constant([]),
});

const frames = fc.array(fc.record({ group: index, frame: bytes(20) }), { minLength: 1, maxLength: 4 });

judgeCodecs([
  codec('Raft message', 'MESSAGE_MALFORMED', message, [encodeRaftMessage, decodeRaftMessage]),
  codec('Raft frames', 'MESSAGE_MALFORMED', frames, [encodeRaftFrames, decodeRaftFrames]),
]);

test('a batch is as large as its frames say, and never empty', () => {
  fc.assert(
    fc.property(frames, (list) => {
      const size = list.reduce((sum, { frame }) => sum + raftFrameBytes(frame), 0);
      expect(encodeRaftFrames(list)).toHaveLength(size);
    }),
    { numRuns: 50 },
  );
  expect(() => encodeRaftFrames([])).toThrow(InvariantError);
});

const HEARTBEAT: WireMessage = {
  type: 'MsgHeartbeat',
  to: 2,
  from: 1,
  term: 3,
  logTerm: 0,
  index: 0,
  entries: [],
  commit: 9,
  vote: 0,
  snapshot: undefined,
  reject: false,
  rejectHint: 0,
  context: Uint8Array.of(0xaa),
  responses: [],
};

const NONE = new Uint8Array(0);

const LOCAL = [
  'MsgHup',
  'MsgBeat',
  'MsgCheckQuorum',
  'MsgUnreachable',
  'MsgSnapStatus',
  'MsgStorageAppend',
  'MsgStorageAppendResp',
  'MsgStorageApply',
  'MsgStorageApplyResp',
] as const;

test('what a node says to itself has no bytes, in either direction', () => {
  for (const type of LOCAL) {
    expect(() => encodeRaftMessage({ ...HEARTBEAT, type })).toThrow(InvariantError);
  }
  const valid = encodeRaftMessage(HEARTBEAT);
  for (let type = 0; type <= 0xff; type++) {
    const foreign = Uint8Array.from(valid);
    foreign[1] = type;
    const decode = () => decodeRaftMessage(foreign);
    if (type >= 0x01 && type <= 0x0f) expect(encodeRaftMessage(decode())).toEqual(foreign);
    else expect(decode).toThrow(expect.objectContaining({ code: 'MESSAGE_MALFORMED' }));
  }
});

test('responses and storage threads do not travel', () => {
  expect(() => encodeRaftMessage({ ...HEARTBEAT, responses: [HEARTBEAT] })).toThrow(InvariantError);
  expect(() => encodeRaftMessage({ ...HEARTBEAT, to: -1 })).toThrow(InvariantError);
  expect(() => encodeRaftMessage({ ...HEARTBEAT, from: -2 })).toThrow(InvariantError);
});

test('a zero that is announced is refused: one message has one encoding', () => {
  const valid = encodeRaftMessage({ ...HEARTBEAT, context: new Uint8Array(8) });
  const announced = Uint8Array.from(valid);
  announced[2]! |= 0x08;
  let refused: unknown;
  try {
    decodeRaftMessage(announced);
  } catch (error) {
    refused = error;
  }
  expect(isCaissonError(refused, 'MESSAGE_MALFORMED') && refused.details).toMatchObject({ field: 'vote' });
});

test('entries that announce more than is there are refused before memory is taken for them', () => {
  const entries = [{ term: 1, index: 1, type: 'EntryNormal' as const, data: new Uint8Array(4) }];
  const valid = encodeRaftMessage({ ...HEARTBEAT, commit: 0, context: NONE, entries });
  const greedy = Uint8Array.from(valid);
  greedy.fill(0xff, 27, 31);
  expect(() => decodeRaftMessage(greedy)).toThrow(expect.objectContaining({ code: 'MESSAGE_MALFORMED' }));
});

test('the examples of the formats page are what is sent', () => {
  expect(toHex(encodeRaftMessage(HEARTBEAT))).toBe(
    '0109040000000000000002000000000000000100000000000000030000000000000009aa',
  );
  const entries = [{ term: 3, index: 8, type: 'EntryNormal' as const, data: Uint8Array.of(0x01, 0x02) }];
  const append = { ...HEARTBEAT, type: 'MsgApp' as const, logTerm: 3, index: 7, entries, context: NONE };
  expect(toHex(encodeRaftMessage(append))).toBe(
    '0102470000000000000002000000000000000100000000000000030000000000000003' +
      '000000000000000700000000000000090000000100000000000000030000000000000008' +
      '00000000020102',
  );
});
