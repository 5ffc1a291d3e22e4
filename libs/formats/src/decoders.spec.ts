import { compareBytes, toHex } from '@caisson/base';
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
  u16,
  u32,
  u64,
} from '../testdata/hostile.js';
import * as formats from './index.js';

const purpose = fc.constantFrom('storage' as const, 'raft' as const);
const claim = fc.record({ dekId: u32, fullNodeId: u64, epoch: u16 });
const wrappedKey = (container: fc.Arbitrary<Uint8Array>) =>
  fc.record({ keyId: u32, purpose, originId: exactly(16), check: exactly(8), container });
const full = bytes(40, 1);
const none = fc.constant(new Uint8Array(0));
const keyState = fc.constantFrom('active', 'retiring', 'suspended', 'retired' as const);

const bootstrap: fc.Arbitrary<formats.BootstrapEntry> = fc.oneof(
  fc.record({
    wire: fc.constant(1 as const),
    storage: fc.record({ keyId: u32, wrapped: bytes(20) }),
    raft: fc.record({ keyId: u32, wrapped: bytes(20) }),
    writers: fc.array(claim, { maxLength: 4 }),
  }),
  fc.record({
    wire: fc.constant(2 as const),
    clusterId: exactly(16),
    confIndex: index,
    stateIndex: index,
    storage: wrappedKey(full).map((key) => ({ ...key, purpose: 'storage' as const })),
    raft: wrappedKey(full).map((key) => ({ ...key, purpose: 'raft' as const })),
    writers: fc.array(claim, { maxLength: 4 }),
  }),
);

const usageReport = fc.record({
  fullNodeId: u64,
  keys: fc
    .uniqueArray(fc.record({ dekId: u32, messages: index, blocks: index }), {
      minLength: 1,
      maxLength: 4,
      selector: ({ dekId }) => dekId,
    })
    .map((keys) => [...keys].sort((a, b) => a.dekId - b.dekId)),
});

const ascendingKeys = fc
  .uniqueArray(wrappedKey(full), { minLength: 1, maxLength: 4, selector: (key) => key.keyId })
  .map((keys) => [...keys].sort((a, b) => a.keyId - b.keyId));

const wire2 = <Sub extends formats.LifecycleSub>(subs: Sub[], keys: fc.Arbitrary<formats.WrappedKey[]>) =>
  fc.record({
    wire: fc.constant(2 as const),
    sub: fc.constantFrom(...subs),
    clusterId: exactly(16),
    confIndex: index,
    stateIndex: index,
    fullNodeId: u64,
    epoch: u16,
    keys,
  });

const wire1 = (sub: formats.LifecycleSubWire1, wrapped: fc.Arbitrary<Uint8Array>) =>
  fc.record({
    wire: fc.constant(1 as const),
    sub: fc.constant(sub),
    keyId: u32,
    purpose,
    wrapped,
    proposer: claim,
  });

const lifecycle: fc.Arbitrary<formats.LifecycleEntry> = fc.oneof(
  wire1('rotate', full),
  wire1('enableStorageEnvelope', none),
  wire1('enableRaftEnvelope', none),
  wire2(['rotate'], fc.tuple(wrappedKey(full))),
  wire2(['rewrap'], ascendingKeys),
  wire2(
    ['retire', 'enableStorageEnvelope', 'enableRaftEnvelope', 'suspend', 'resume'],
    fc.tuple(wrappedKey(none)),
  ),
  wire2(['sealModeOn'], fc.constant([])),
);

const stateBefore = fc.record({
  stateIndex: index,
  activeStorage: u32,
  activeRaft: u32,
  storageEnvelopeActive: fc.boolean(),
  storageCutoverIndex: index,
  storageCutoverTs: u64,
  raftEnvelopeActive: fc.boolean(),
  raftCutoverIndex: index,
  keys: fc.tuple(ascendingKeys, keyState).map(([keys, at]) => keys.map((key) => ({ ...key, state: at }))),
  retiredIds: fc.uniqueArray(u32, { maxLength: 4 }).map((ids) => ids.sort((a, b) => a - b)),
  macKeyId: u32,
  mac: exactly(32),
});
const sealedMode = fc.oneof(
  fc.constant({ sealedModeIndex: 0, sealedModeTs: 0n }),
  fc.record({ sealedModeIndex: index.filter((at) => at > 0), sealedModeTs: u64 }),
);
const state: fc.Arbitrary<formats.KeyState> = fc
  .tuple(stateBefore, sealedMode)
  .map(([before, sealed]) => ({ ...before, ...sealed }));

const slot = fc.record({
  provider: fc.constantFrom('kek-file', 'kek-env', 'escrow-1'),
  keyRef: fc.string({ unit: 'grapheme', maxLength: 12 }),
  blob: bytes(64, 1),
});
const container = fc
  .uniqueArray(slot, { minLength: 1, maxLength: 4, selector: (row) => `${row.provider} ${row.keyRef}` })
  .map((slots) => formats.decodeWrappedDek(formats.encodeWrappedDek(slots)));

const command: fc.Arbitrary<formats.Command> = fc.oneof(
  fc.record({ kind: fc.constant('floor' as const), floor: u64, commitTs: u64 }),
  fc.record(
    {
      kind: fc.constant('write' as const),
      requestId: exactly(16),
      startTs: u64,
      commitTs: u64,
      readKeys: fc.array(bytes(8), { maxLength: 3 }),
      readRanges: fc.array(readRange, { maxLength: 3 }),
      conditions,
      mutations: fc.array(
        fc.oneof(
          fc.record({ op: fc.constant('put' as const), key: bytes(8), value: bytes(40), expireAt: u64 }),
          remove,
          fc.record({ op: fc.constant('deletePrefix' as const), prefix: bytes(8), limit: u32 }),
        ),
        { maxLength: 4 },
      ),
    },
    { requiredKeys: ['kind', 'commitTs', 'readKeys', 'readRanges', 'conditions', 'mutations'] },
  ),
);

const result: fc.Arbitrary<formats.CommandResult> = fc.oneof(
  fc.record({ kind: fc.constant('committed' as const), commitTs: u64, deleted: u32, more: fc.boolean() }),
  fc.record({ kind: fc.constant('conflict' as const), keyHash: u64 }),
  fc.record(
    { kind: fc.constant('failed' as const), condition: u32, currentTs: u64 },
    { requiredKeys: ['kind', 'condition'] },
  ),
);

const refusal = fc.record({
  kind: fc.constant('refused' as const),
  code: fc.constantFrom('TIMESTAMP_BEHIND' as const, 'READ_TS_COMPACTED' as const),
  bound: u64,
});

const outcomes = fc.array(fc.oneof(result, refusal), { minLength: 1, maxLength: 4 });

const ids = fc.uniqueArray(u64, { maxLength: 4 }).map((list) => list.sort((a, b) => (a < b ? -1 : 1)));
const text = fc.string({ unit: 'grapheme', maxLength: 8 });
const membership = fc.record({
  index,
  voters: ids,
  votersOutgoing: ids,
  learners: ids,
  learnersNext: ids,
  autoLeave: fc.boolean(),
  peers: fc
    .tuple(ids, text, text, text)
    .map(([list, name, address, clientAddress]) => list.map((id) => ({ id, name, address, clientAddress }))),
});
const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 });
const genesis: fc.Arbitrary<formats.Genesis> = fc.record(
  {
    clusterId: exactly(16),
    group: index,
    format: u32,
    founder: fc.record({ name, address: text, clientAddress: text }),
  },
  { requiredKeys: ['clusterId', 'group', 'format'] },
);

const sidecar: fc.Arbitrary<formats.Sidecar> = fc.record({
  clusterId: exactly(16),
  groups: fc
    .array(
      fc.tuple(
        index,
        fc.record({
          raftAppliedIndex: index,
          activeStorage: u32,
          activeRaft: u32,
          storageEnvelopeActive: fc.boolean(),
          storageEnvelopeCutoverIndex: index,
          storageCutoverTs: u64,
          raftEnvelopeCutoverIndex: index,
        }),
      ),
      { maxLength: 2 },
    )
    .map((entries) => new Map(entries)),
  keys: fc
    .array(
      fc.tuple(
        u32,
        fc.record({
          purpose,
          originId: exactly(16),
          check: exactly(8),
          wrapped: bytes(50),
          created: index,
          localEpoch: u16,
          state: keyState,
        }),
      ),
      { maxLength: 3 },
    )
    .map((entries) => new Map(entries)),
  macKeyId: u32,
  mac: exactly(32),
});

const envelope = (flags: number[]) =>
  fc.record({ flag: fc.constantFrom(...flags), keyId: u32, nonce: exactly(12), sealed: bytes(60, 16) });
const snapshotHeader: fc.Arbitrary<formats.SnapshotHeader> = fc.record({
  clusterId: exactly(16),
  group: index,
  index,
  term: index,
  hlcCeiling: u64,
  refused: index,
  storageCutoverIndex: index,
  storageCutoverTs: u64,
  raftCutoverIndex: index,
  membership: bytes(20),
  cutoverProgress: bytes(20),
  keyState: bytes(20),
});
const snapshotPairs = fc
  .uniqueArray(fc.record({ key: bytes(8, 1), value: bytes(20) }), {
    minLength: 1,
    maxLength: 4,
    selector: ({ key }) => toHex(key),
  })
  .map((pairs) => pairs.map(({ key, value }) => ({ key: withTable(key), value })))
  .map((pairs) => pairs.sort((a, b) => compareBytes(a.key, b.key)))
  .filter((pairs) => pairs.every(({ key }, at) => at === 0 || compareBytes(pairs[at - 1]!.key, key) < 0));
const withTable = (key: Uint8Array) => Uint8Array.of(1 + (key[0]! % 5), ...key.subarray(1));

const CODECS: readonly Codec[] = [
  codec('nonce', 'ENVELOPE_MALFORMED', fc.record({ nodeId16: u16, epoch: u16, count: u64 }), [
    formats.encodeNonce,
    formats.decodeNonce,
  ]),
  codec('storage envelope', 'ENVELOPE_MALFORMED', envelope([0, 1]), [
    formats.encodeEnvelope,
    (input) => formats.decodeEnvelope(input, 'storage'),
  ]),
  codec('Raft envelope', 'ENVELOPE_MALFORMED', envelope([0]), [
    formats.encodeEnvelope,
    (input) => formats.decodeEnvelope(input, 'raft'),
  ]),
  codec('version key', 'CORRUPTION', fc.record({ userKey: bytes(20), commitTs: u64 }), [
    ({ userKey, commitTs }) => formats.versionKey(userKey, commitTs),
    formats.decodeVersionKey,
  ]),
  codec('escaped key', 'CORRUPTION', bytes(20), [formats.escapeKey, formats.unescapeKey]),
  codec('index row', 'CORRUPTION', index, [formats.encodeIndexRow, formats.decodeIndexRow]),
  codec('timestamp row', 'CORRUPTION', u64, [formats.encodeTimestampRow, formats.decodeTimestampRow]),
  codec('cutover progress', 'CORRUPTION', fc.record({ term: index, sealedSeen: fc.boolean() }), [
    formats.encodeCutoverProgress,
    formats.decodeCutoverProgress,
  ]),
  codec('membership', 'CORRUPTION', membership, [formats.encodeMembership, formats.decodeMembership]),
  codec('writer key', 'CORRUPTION', fc.record({ dekId: u32, nodeId16: u16 }), [
    ({ dekId, nodeId16 }) => formats.writerRegistryKey(dekId, nodeId16),
    formats.decodeWriterRegistryKey,
  ]),
  codec(
    'writer row',
    'CORRUPTION',
    fc
      .record({ fullNodeId: u64, firstSeenEpoch: u16, lastSeenEpoch: u16 })
      .filter((row) => row.firstSeenEpoch <= row.lastSeenEpoch),
    [formats.encodeWriterRow, formats.decodeWriterRow],
  ),
  codec(
    'proposal',
    'ENTRY_MALFORMED',
    fc.record({ kind: fc.constantFrom('clear', 'sealed'), proposalId: u64, body: bytes(20) }),
    [
      ({ kind, proposalId, body }) =>
        kind === 'clear'
          ? formats.encodeClearProposal(proposalId, body)
          : formats.encodeSealedProposal(proposalId, body),
      formats.decodeProposal,
    ],
  ),
  codec('clock ceiling', 'ENTRY_MALFORMED', u64, [formats.encodeHlcCeiling, formats.decodeHlcCeiling]),
  codec('genesis', 'ENTRY_MALFORMED', genesis, [formats.encodeGenesis, formats.decodeGenesis]),
  codec(
    'join token',
    'INVALID_ARGUMENT',
    fc.record({
      clusterId: exactly(16),
      birth: fc.constantFrom('encrypted', 'clear'),
      format: u32,
      members: fc.array(fc.record({ name, address: text, clientAddress: text }), { maxLength: 3 }),
    }),
    [
      (token) => new TextEncoder().encode(formats.encodeJoinToken(token)),
      (text) => formats.decodeJoinToken(new TextDecoder().decode(text)),
    ],
  ),
  codec(
    'change of membership',
    'ENTRY_MALFORMED',
    fc.record({ proposalId: u64, name, address: text, clientAddress: text }),
    [formats.encodeConfChangeContext, formats.decodeConfChangeContext],
  ),
  codec('command payload', 'ENTRY_MALFORMED', fc.array(bytes(20), { minLength: 1, maxLength: 4 }), [
    formats.encodeCommands,
    formats.decodeCommands,
  ]),
  codec('registration', 'ENTRY_MALFORMED', claim, [
    formats.encodeRegisterWriter,
    formats.decodeRegisterWriter,
  ]),
  codec('bootstrap', 'ENTRY_MALFORMED', bootstrap, [formats.encodeBootstrap, formats.decodeBootstrap]),
  codec('lifecycle', 'ENTRY_MALFORMED', lifecycle, [formats.encodeLifecycle, formats.decodeLifecycle]),
  codec('usage report', 'ENTRY_MALFORMED', usageReport, [
    formats.encodeUsageReport,
    formats.decodeUsageReport,
  ]),
  codec('usage row', 'CORRUPTION', fc.record({ fullNodeId: u64, messages: index, blocks: index }), [
    formats.encodeUsageRow,
    formats.decodeUsageRow,
  ]),
  codec('command', 'ENTRY_MALFORMED', command, [formats.encodeCommand, formats.decodeCommand]),
  codec('command result', 'MESSAGE_MALFORMED', result, [
    formats.encodeCommandResult,
    formats.decodeCommandResult,
  ]),
  codec('command results', 'MESSAGE_MALFORMED', outcomes, [
    formats.encodeCommandResults,
    formats.decodeCommandResults,
  ]),
  codec('request result', 'CORRUPTION', fc.record({ commitTs: u64, result }), [
    formats.encodeRequestResult,
    formats.decodeRequestResult,
  ]),
  codec('wrapped DEK', 'KEK_BLOB_CORRUPT', container, [formats.encodeWrappedDek, formats.decodeWrappedDek]),
  codec('local KEK blob', 'KEK_BLOB_CORRUPT', fc.record({ nonce: exactly(12), sealed: exactly(48) }), [
    formats.encodeLocalKekBlob,
    formats.decodeLocalKekBlob,
  ]),
  codec('key state', 'CORRUPTION', state, [formats.encodeKeyState, formats.decodeKeyState]),
  codec('snapshot header', 'SNAPSHOT_INVALID', snapshotHeader, [
    formats.encodeSnapshotHeader,
    formats.decodeSnapshotHeader,
  ]),
  codec('snapshot chunk', 'SNAPSHOT_INVALID', snapshotPairs, [
    (pairs) => formats.encodeSnapshotChunk(pairs).subarray(formats.SNAPSHOT_LENGTH_BYTES),
    formats.decodeSnapshotChunk,
  ]),
  codec(
    'snapshot trailer',
    'SNAPSHOT_INVALID',
    fc.record({ pairs: index, digest: exactly(32), mac: fc.oneof(exactly(32), none) }),
    [
      (trailer) => formats.encodeSnapshotTrailer(trailer).subarray(formats.SNAPSHOT_LENGTH_BYTES),
      formats.decodeSnapshotTrailer,
    ],
  ),
  codec('intent to install', 'CORRUPTION', fc.record({ index, term: index, currentTerm: index, vote: u64 }), [
    formats.encodeInstallIntent,
    formats.decodeInstallIntent,
  ]),
  codec('sidecar', 'SIDECAR_CORRUPT', sidecar, [formats.printSidecar, formats.parseSidecar]),
];

judgeCodecs(CODECS);
