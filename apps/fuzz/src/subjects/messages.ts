import { CaissonError } from '@caisson/contracts';
import * as formats from '@caisson/formats';
import { codec, reader, sample, type Subject } from '../subject.js';
import { RESULTS, WRITE_REQUESTS } from './values.js';

const code = 'MESSAGE_MALFORMED';
const ERROR = new CaissonError('NOT_LEADER', { group: 1, leader: 'n2', address: 'b:2' });
const REFUSED = { kind: 'refused', code: 'TIMESTAMP_BEHIND', bound: 4n } as const;

const APPEND: formats.WireMessage = {
  type: 'MsgApp',
  to: 2,
  from: 1,
  term: 3,
  logTerm: 2,
  index: 9,
  entries: [
    { term: 3, index: 10, type: 'EntryNormal', data: sample(12) },
    { term: 3, index: 11, type: 'EntryConfChangeV2', data: sample(5) },
  ],
  commit: 9,
  vote: 0,
  snapshot: undefined,
  reject: false,
  rejectHint: 0,
  context: sample(0),
  responses: [],
};
const SNAPSHOT: formats.WireMessage = {
  ...APPEND,
  type: 'MsgSnap',
  entries: [],
  snapshot: {
    index: 9,
    term: 3,
    confState: { voters: [1, 2], votersOutgoing: [3], learners: [4], learnersNext: [], autoLeave: true },
    data: sample(4),
  },
};

/** What clients and nodes say to each other. */
export const MESSAGES: readonly Subject[] = [
  codec({
    name: 'requests',
    code,
    values: [[{ id: 1, op: formats.OP.get, deadlineMs: 500, body: sample(9) }]],
    encode: formats.encodeRequests,
    decode: formats.decodeRequests,
  }),
  codec({
    name: 'responses',
    code,
    values: [
      [
        { id: 1, status: 0, body: sample(9) },
        { id: 2, status: 1, body: sample(0) },
      ],
    ],
    encode: formats.encodeResponses,
    decode: formats.decodeResponses,
  }),
  codec({
    name: 'get request',
    code,
    values: [
      { key: sample(3) },
      { key: sample(3), ts: 9n },
      { key: sample(0), consistency: 'stale' as const },
    ],
    encode: formats.encodeGetRequest,
    decode: formats.decodeGetRequest,
  }),
  codec({
    name: 'get response',
    code,
    values: [
      { readTs: 9n, staleMs: 0 },
      { found: { value: sample(30), commitTs: 5n, expireAt: 7n }, readTs: 9n, staleMs: 4 },
    ],
    encode: formats.encodeGetResponse,
    decode: formats.decodeGetResponse,
  }),
  codec({
    name: 'scan request',
    code,
    values: [
      { from: sample(2) },
      {
        from: sample(2),
        to: sample(3),
        reverse: true,
        keysOnly: true,
        limit: 9,
        ts: 5n,
        continuation: sample(30),
      },
    ],
    encode: formats.encodeScanRequest,
    decode: formats.decodeScanRequest,
  }),
  codec({
    name: 'scan response',
    code,
    values: [
      { pairs: [], readTs: 9n, staleMs: 0 },
      {
        pairs: [{ key: sample(3), value: sample(9), commitTs: 5n }],
        readTs: 9n,
        staleMs: 0,
        continuation: sample(9),
      },
    ],
    encode: formats.encodeScanResponse,
    decode: formats.decodeScanResponse,
  }),
  codec({
    name: 'write request',
    code,
    values: WRITE_REQUESTS,
    encode: formats.encodeWriteRequest,
    decode: formats.decodeWriteRequest as (input: Uint8Array) => (typeof WRITE_REQUESTS)[number],
    covers: ['decodeWriteRequest'],
  }),
  codec({
    name: 'write response',
    code,
    values: RESULTS,
    encode: formats.encodeWriteResponse,
    decode: formats.decodeWriteResponse,
  }),
  codec({
    name: 'begin response',
    code,
    values: [{ startTs: 9n }],
    encode: formats.encodeBeginResponse,
    decode: formats.decodeBeginResponse,
  }),
  codec({
    name: 'command results',
    code,
    values: [[...RESULTS, REFUSED]],
    encode: formats.encodeCommandResults,
    decode: formats.decodeCommandResults,
  }),
  codec({
    name: 'command result',
    code,
    values: RESULTS,
    encode: formats.encodeCommandResult,
    decode: formats.decodeCommandResult,
  }),
  reader({
    name: 'error on the wire',
    seeds: [formats.encodeWireError(ERROR)],
    decode: formats.decodeWireError,
    codes: [code],
    covers: ['decodeWireError'],
  }),
  codec<formats.WireMessage>({
    name: 'Raft message',
    code,
    values: [APPEND, SNAPSHOT, { ...APPEND, type: 'MsgHeartbeat', entries: [], context: sample(8) }],
    encode: formats.encodeRaftMessage,
    decode: formats.decodeRaftMessage,
  }),
  codec({
    name: 'Raft frames',
    code,
    values: [
      [
        { group: 1, frame: formats.encodeRaftMessage(APPEND) },
        { group: 2, frame: sample(3) },
      ],
    ],
    encode: formats.encodeRaftFrames,
    decode: formats.decodeRaftFrames,
  }),
];
