import fc from 'fast-check';
import {
  type Codec,
  bytes,
  codec,
  conditions,
  exactly,
  index,
  judgeCodecs,
  readRange,
  remove,
  some,
  u32,
  u64,
} from '../../testdata/hostile.js';
import * as formats from '../index.js';

const writeRequest = fc.record(
  {
    mutations: fc.array(
      fc.oneof(
        fc.record(
          { op: fc.constant('put' as const), key: bytes(8), value: bytes(40), ttlMs: index },
          { requiredKeys: ['op', 'key', 'value'] },
        ),
        remove,
        fc.record(
          {
            op: fc.constant('deletePrefix' as const),
            prefix: bytes(8),
            limit: fc.integer({ min: 1, max: 9 }),
          },
          { requiredKeys: ['op', 'prefix'] },
        ),
      ),
      { maxLength: 4 },
    ),
    conditions: conditions.filter((list) => list.length > 0),
    requestId: exactly(16),
    startTs: u64,
    readKeys: some(bytes(8)),
    readRanges: some(readRange),
  },
  { requiredKeys: ['mutations'] },
);

const getRequest = fc.record(
  { key: bytes(20), ts: u64, consistency: fc.constant('stale' as const) },
  { requiredKeys: ['key'] },
);
const getResponse = fc.record(
  { found: fc.record({ value: bytes(40), commitTs: u64, expireAt: u64 }), readTs: u64, staleMs: u32 },
  { requiredKeys: ['readTs', 'staleMs'] },
);
const scanRequest = fc.record(
  {
    from: bytes(8),
    to: bytes(8),
    reverse: fc.constant(true),
    keysOnly: fc.constant(true),
    limit: u32,
    ts: u64,
    consistency: fc.constant('stale' as const),
    continuation: bytes(8),
  },
  { requiredKeys: ['from'] },
);
const pairs = fc.oneof(
  fc.array(fc.record({ key: bytes(8), commitTs: u64 }), { maxLength: 4 }),
  fc.array(fc.record({ key: bytes(8), value: bytes(20), commitTs: u64 }), { maxLength: 4 }),
);
const scanResponse = fc.record(
  { pairs, continuation: bytes(8), readTs: u64, staleMs: u32 },
  { requiredKeys: ['pairs', 'readTs', 'staleMs'] },
);

const message = { id: u32, body: bytes(20) };

const CODECS: readonly Codec[] = [
  codec('requests', 'MESSAGE_MALFORMED', some(fc.record({ ...message, op: fc.nat(255), deadlineMs: u32 })), [
    formats.encodeRequests,
    formats.decodeRequests,
  ]),
  codec('responses', 'MESSAGE_MALFORMED', some(fc.record({ ...message, status: fc.nat(255) })), [
    formats.encodeResponses,
    formats.decodeResponses,
  ]),
  codec('get request', 'MESSAGE_MALFORMED', getRequest, [formats.encodeGetRequest, formats.decodeGetRequest]),
  codec('get response', 'MESSAGE_MALFORMED', getResponse, [
    formats.encodeGetResponse,
    formats.decodeGetResponse,
  ]),
  codec('scan request', 'MESSAGE_MALFORMED', scanRequest, [
    formats.encodeScanRequest,
    formats.decodeScanRequest,
  ]),
  codec('scan response', 'MESSAGE_MALFORMED', scanResponse, [
    formats.encodeScanResponse,
    formats.decodeScanResponse,
  ]),
  codec('write request', 'MESSAGE_MALFORMED', writeRequest, [
    formats.encodeWriteRequest,
    formats.decodeWriteRequest,
  ]),
  codec('begin response', 'MESSAGE_MALFORMED', fc.record({ startTs: u64 }), [
    formats.encodeBeginResponse,
    formats.decodeBeginResponse,
  ]),
];

judgeCodecs(CODECS);
