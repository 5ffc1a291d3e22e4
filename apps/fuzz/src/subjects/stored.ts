import { fromHex } from '@caisson/base';
import type { NodeIdentity } from '@caisson/contracts';
import { decodeNodeFile, encodeNodeFile } from '@caisson/data-directory';
import { decodeRewriteCursor, encodeRewriteCursor, type RewriteCursor } from '@caisson/encryption';
import * as formats from '@caisson/formats';
import { type Continuation, decodeContinuation, encodeContinuation } from '@caisson/kv';
import { type CompactionCursor, decodeCompactionCursor, encodeCompactionCursor } from '@caisson/mvcc';
import { checksumAtEnd, codec, reader, sample, type Subject } from '../subject.js';
import { KEY, RESULTS, SECOND_KEY } from './values.js';

const code = 'CORRUPTION';

/** Rows of the store, and files beside it. */
export const STORED: readonly Subject[] = [
  codec({
    name: 'version key',
    code,
    values: [{ userKey: Uint8Array.of(1, 0, 255, 0), commitTs: 9n }],
    encode: ({ userKey, commitTs }: formats.VersionKey) => formats.versionKey(userKey, commitTs),
    decode: formats.decodeVersionKey,
  }),
  codec({
    name: 'escaped key',
    code,
    values: [sample(0), Uint8Array.of(0, 0, 1, 255)],
    encode: formats.escapeKey,
    decode: formats.unescapeKey,
  }),
  reader({
    name: 'value header',
    seeds: [formats.encodeHeader({ tombstone: false, state: 'sealed', expireAt: 9n })],
    decode: formats.decodeHeader,
    codes: ['ENCRYPTED_VALUE_RESERVED_STATE', 'ENCRYPTED_READ_INTEGRITY'],
    covers: ['decodeHeader'],
  }),
  reader({
    name: 'stored value',
    seeds: [formats.TOMBSTONE, Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0, ...sample(60))],
    decode: formats.splitValue,
    codes: ['ENCRYPTED_VALUE_RESERVED_STATE', 'ENCRYPTED_READ_INTEGRITY'],
    covers: ['splitValue'],
  }),
  codec({
    name: 'index row',
    code,
    values: [0, 2 ** 53 - 1],
    encode: formats.encodeIndexRow,
    decode: formats.decodeIndexRow,
  }),
  codec({
    name: 'timestamp row',
    code,
    values: [0n, 2n ** 64n - 1n],
    encode: formats.encodeTimestampRow,
    decode: formats.decodeTimestampRow,
  }),
  codec<formats.CutoverProgress>({
    name: 'cutover progress',
    code,
    values: [{ term: 3, sealedSeen: true }],
    encode: formats.encodeCutoverProgress,
    decode: formats.decodeCutoverProgress,
  }),
  codec<formats.Membership>({
    name: 'membership',
    code,
    values: [
      {
        index: 5,
        voters: [1n, 2n],
        votersOutgoing: [3n],
        learners: [4n],
        learnersNext: [],
        autoLeave: true,
        peers: [
          { id: 1n, name: 'n1', address: 'a:1', clientAddress: 'b:2' },
          { id: 2n, name: 'n2', address: '', clientAddress: '' },
        ],
      },
    ],
    encode: formats.encodeMembership,
    decode: formats.decodeMembership,
  }),
  codec<formats.WriterKey>({
    name: 'writer key',
    code,
    values: [{ dekId: 7, nodeId16: 9 }],
    encode: ({ dekId, nodeId16 }) => formats.writerRegistryKey(dekId, nodeId16),
    decode: formats.decodeWriterRegistryKey,
  }),
  codec<formats.WriterRow>({
    name: 'writer row',
    code,
    values: [{ fullNodeId: 9n, firstSeenEpoch: 1, lastSeenEpoch: 4 }],
    encode: formats.encodeWriterRow,
    decode: formats.decodeWriterRow,
  }),
  codec<formats.UsageRow>({
    name: 'usage row',
    code,
    values: [{ fullNodeId: 9n, messages: 5, blocks: 80 }],
    encode: formats.encodeUsageRow,
    decode: formats.decodeUsageRow,
  }),
  codec<formats.RequestResult>({
    name: 'request result',
    code,
    values: RESULTS.map((result) => ({ commitTs: 9n, result })),
    encode: formats.encodeRequestResult,
    decode: formats.decodeRequestResult,
  }),
  codec<formats.KeyState>({
    name: 'key state',
    code,
    values: [
      formats.EMPTY_KEY_STATE,
      {
        ...formats.EMPTY_KEY_STATE,
        stateIndex: 9,
        activeStorage: KEY.keyId,
        activeRaft: SECOND_KEY.keyId,
        storageEnvelopeActive: true,
        keys: [
          { ...KEY, state: 'active' },
          { ...SECOND_KEY, state: 'retiring' },
        ],
        retiredIds: [1, 2],
        macKeyId: KEY.keyId,
        mac: sample(32),
      },
      { ...formats.EMPTY_KEY_STATE, stateIndex: 9, sealedModeIndex: 9, sealedModeTs: 5n },
    ],
    encode: formats.encodeKeyState,
    decode: formats.decodeKeyState,
  }),
  codec<CompactionCursor>({
    name: 'compaction cursor',
    code,
    values: [
      { floor: 9n, phase: 'requests', position: sample(4) },
      { floor: 9n, phase: 'versions', position: sample(4), anchor: { commitTs: 3n, isDead: true } },
    ],
    encode: encodeCompactionCursor,
    decode: decodeCompactionCursor,
    covers: [],
  }),
  codec<RewriteCursor>({
    name: 'rewrite cursor',
    code,
    values: [
      { target: { keyId: 8, version: 2 }, rate: 0, done: 1, total: 9, bytes: 100, position: sample(9) },
      {
        target: { keyId: 8, version: 2 },
        rate: 5,
        done: 9,
        total: 9,
        bytes: 100,
        finishedAt: 44,
        position: sample(0),
      },
    ],
    encode: encodeRewriteCursor,
    decode: decodeRewriteCursor,
    covers: [],
  }),
  codec<formats.InstallIntent>({
    name: 'intent to install',
    code,
    mend: checksumAtEnd,
    values: [{ index: 9, term: 3, currentTerm: 4, vote: 77n }],
    encode: formats.encodeInstallIntent,
    decode: formats.decodeInstallIntent,
  }),
  codec({
    name: 'node.json',
    code: 'DIRECTORY_FORMAT',
    mend: checkOfNodeFile,
    values: [
      { name: 'n1', clusterId: sample(16), birth: 'encrypted' as const, format: 1 },
      { name: 'nö', clusterId: sample(16), birth: 'clear' as const, format: 1, joined: true },
    ],
    encode: encodeNodeFile,
    decode: decodeNodeFile,
    manyForms: true,
    covers: [],
  }),
  codec<Continuation>({
    name: 'continuation of a scan',
    code: 'INVALID_ARGUMENT',
    mend: checksumAtEnd,
    values: [{ reverse: true, ts: 9n, expiryTs: 10n, lastKey: sample(9) }],
    encode: encodeContinuation,
    decode: decodeContinuation,
    covers: [],
  }),
  ...auditRows(),
];

function auditRows(): readonly Subject[] {
  const line: formats.AuditLine = {
    kind: 'begun',
    call: sample(16),
    at: 9n,
    node: 'n1',
    who: 'token ops',
    from: '10.0.0.9:4000',
    what: 'encryption.rotate',
    detail: 'purpose=raft',
    result: '',
    count: 1,
  };
  const lines = [line, { ...line, kind: 'refused' as const, result: 'PERMISSION_DENIED', count: 9 }];
  const row = { stamp: 9n, index: 4, line: formats.encodeAuditLine(line), hash: sample(32) };
  return [
    codec<formats.AuditLine>({
      name: 'audit line',
      code,
      values: lines,
      encode: formats.encodeAuditLine,
      decode: formats.decodeAuditLine,
    }),
    codec<formats.AuditLine>({
      name: 'audit entry',
      code: 'ENTRY_MALFORMED',
      values: lines,
      encode: formats.encodeAuditEntry,
      decode: (input) => formats.decodeAuditLine(formats.decodeAuditEntry(input)),
      covers: ['decodeAuditEntry'],
    }),
    codec<formats.AuditRow>({
      name: 'audit row',
      code,
      values: [row],
      encode: formats.encodeAuditRow,
      decode: formats.decodeAuditRow,
    }),
    codec<formats.AuditHead>({
      name: 'audit head',
      code,
      values: [formats.AUDIT_START, { count: 5, stamp: 9n, hash: sample(32) }],
      encode: formats.encodeAuditHead,
      decode: formats.decodeAuditHead,
    }),
    codec({
      name: 'audit line key',
      code,
      values: [1, 2 ** 40],
      encode: formats.auditLineKey,
      decode: formats.decodeAuditLineKey,
    }),
  ];
}

/** Recomputes the member `check` wherever the text still has one, by the file's own words. */
function checkOfNodeFile(input: Uint8Array): Uint8Array {
  const text = Buffer.from(input).toString();
  const [, name] = /"name": "([^"\\]*)"/.exec(text) ?? [];
  const [, id] = /"cluster_id": "([0-9a-f]{32})"/.exec(text) ?? [];
  const birth = text.includes('"clear"') ? 'clear' : 'encrypted';
  if (name === undefined || id === undefined) return input;
  const file = {
    name,
    clusterId: fromHex(id)!,
    birth,
    format: 1,
    ...(text.includes('joined') && { joined: true }),
  };
  const [, check = ''] =
    /"check": "([0-9a-f]{8})"/.exec(Buffer.from(encodeNodeFile(file as NodeIdentity)).toString()) ?? [];
  return Buffer.from(text.replace(/"check": "[^"]*"/, `"check": "${check}"`));
}
