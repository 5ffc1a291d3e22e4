import { readFileSync } from 'node:fs';
import { fromHex, fromUtf8, toHex, toUtf8 } from '@caisson/base';
import { CaissonError } from '@caisson/contracts';
import * as formats from './index.js';

/** Bytes written down independently of this library. Frozen: add, never edit. */
const FROZEN = JSON.parse(
  readFileSync(new URL('../testdata/v1/layouts.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, string>>;

const TS = (1_700_000_000_000n << 16n) + 3n;
const range = (from: number, length: number) => Uint8Array.from({ length }, (_, at) => from + at);
const fill = (byte: number, length: number) => new Uint8Array(length).fill(byte);
const ascii = toUtf8;
const clusterId = range(0x10, 16);
const originId = range(0x20, 16);
const requestId = range(0x40, 16);
const mac = fill(0x99, 32);

const container = formats.encodeWrappedDek([
  { provider: 'kek-file', keyRef: '', blob: range(0, 60) },
  { provider: 'escrow', keyRef: 'offline-1', blob: fill(0xee, 3) },
]);
const key = (keyId: number, purpose: formats.KeyPurpose, wrapped: Uint8Array): formats.WrappedKey => ({
  keyId,
  purpose,
  originId,
  check: fill(keyId, 8),
  container: wrapped,
});
const none = new Uint8Array(0);
const C1 = fill(0xc1, 1);
const C2 = fill(0xc2, 1);

const lifecycle = (sub: formats.LifecycleSub, keys: readonly formats.WrappedKey[]) =>
  formats.encodeLifecycle({
    wire: 2,
    sub,
    clusterId,
    confIndex: 3,
    stateIndex: 11,
    fullNodeId: 0xabcdn,
    epoch: 4,
    keys,
  });

const keyState: formats.KeyState = {
  stateIndex: 21,
  activeStorage: 8,
  activeRaft: 9,
  storageEnvelopeActive: true,
  storageCutoverIndex: 15,
  storageCutoverTs: TS,
  raftEnvelopeActive: true,
  raftCutoverIndex: 16,
  sealedModeIndex: 0,
  sealedModeTs: 0n,
  keys: [
    { ...key(7, 'storage', container), state: 'retiring' },
    { ...key(8, 'storage', C1), state: 'active' },
    { ...key(9, 'raft', C2), state: 'active' },
  ],
  retiredIds: [5],
  macKeyId: 8,
  mac,
};

const sealedState: formats.KeyState = { ...keyState, sealedModeIndex: 19, sealedModeTs: TS };

const sidecar: formats.Sidecar = {
  clusterId,
  groups: new Map([
    [
      1,
      {
        raftAppliedIndex: Number.MAX_SAFE_INTEGER,
        activeStorage: 7,
        activeRaft: 10,
        storageEnvelopeActive: true,
        storageEnvelopeCutoverIndex: 15,
        storageCutoverTs: TS,
        raftEnvelopeCutoverIndex: 16,
      },
    ],
  ]),
  keys: new Map<number, formats.SidecarKey>([
    [7, sidecarKey({ purpose: 'storage', check: 7, wrapped: container, localEpoch: 3, state: 'active' })],
    [10, sidecarKey({ purpose: 'raft', check: 9, wrapped: C1, localEpoch: 0, state: 'retiring' })],
  ]),
  macKeyId: 7,
  mac,
};

function sidecarKey(parts: Omit<formats.SidecarKey, 'check' | 'created' | 'originId'> & { check: number }) {
  return { ...parts, check: fill(parts.check, 8), originId, created: 1_700_000_000_000 };
}

const committed: formats.CommandResult = { kind: 'committed', commitTs: TS, deleted: 7, more: true };
const conflict: formats.CommandResult = { kind: 'conflict', keyHash: 0xcbf29ce484222325n };
const failed: formats.CommandResult = { kind: 'failed', condition: 2, currentTs: TS - 1n };
const failedAbsent: formats.CommandResult = { kind: 'failed', condition: 0 };

const write = { kind: 'write', commitTs: TS, readKeys: [], readRanges: [], conditions: [] } as const;
const wholeCommand: formats.Command = {
  kind: 'write',
  requestId,
  startTs: TS - 9n,
  commitTs: TS,
  readKeys: [ascii('read')],
  readRanges: [{ from: ascii('a'), to: ascii('b') }, { from: ascii('z') }],
  conditions: [
    { key: ascii('c1'), expect: { kind: 'absent' } },
    { key: ascii('c2'), expect: { kind: 'exists' } },
    { key: ascii('c3'), expect: { kind: 'value', value: ascii('was') } },
    { key: ascii('c4'), expect: { kind: 'version', ts: TS - 1n } },
  ],
  mutations: [
    { op: 'put', key: ascii('k1'), value: ascii('v1'), expireAt: 0n },
    { op: 'put', key: ascii('k2'), value: none, expireAt: TS + 65536n },
    { op: 'delete', key: ascii('k3') },
    { op: 'deletePrefix', prefix: ascii('p/'), limit: 1000 },
  ],
};

const LAYOUTS: Readonly<Record<string, () => Uint8Array>> = {
  'value header, clear, no expiry': () =>
    formats.encodeHeader({ tombstone: false, state: 'clear', expireAt: 0n }),
  'value header, sealed, expiring': () =>
    formats.encodeHeader({ tombstone: false, state: 'sealed', expireAt: TS }),
  tombstone: () => formats.TOMBSTONE,
  'version key': () => formats.versionKey(ascii('user\0key'), TS),
  'version prefix of the empty key': () => formats.versionPrefix(none),
  'clear proposal': () => formats.encodeClearProposal(0x0102030405060708n, ascii('\0abc')),
  'sealed proposal': () => formats.encodeSealedProposal(0xfffffffffffffffen, ascii('\x01envelope')),
  genesis: () => formats.encodeGenesis({ clusterId, group: 1, format: 1 }),
  'genesis, wire 2': () =>
    formats.encodeGenesis({
      clusterId,
      group: 1,
      format: 1,
      founder: { name: 'n1', address: 'a:1', clientAddress: '' },
    }),
  'change of membership, context': () =>
    formats.encodeConfChangeContext({ proposalId: 7n, name: 'n2', address: 'a:1', clientAddress: 'b:22' }),
  'payload of one command': () => formats.encodeCommands([ascii('cmd')]),
  'payload of two commands': () => formats.encodeCommands([ascii('one'), ascii('second')]),
  'command: one put': () =>
    formats.encodeCommand({
      ...write,
      mutations: [{ op: 'put', key: ascii('k'), value: ascii('v'), expireAt: 0n }],
    }),
  'command: everything': () => formats.encodeCommand(wholeCommand),
  'command: floor': () => formats.encodeCommand({ kind: 'floor', floor: TS - 65536n, commitTs: TS }),
  'result: committed': () => formats.encodeCommandResult(committed),
  'result: conflict': () => formats.encodeCommandResult(conflict),
  'result: failed': () => formats.encodeCommandResult(failed),
  'result: failed, key absent': () => formats.encodeCommandResult(failedAbsent),
  'result list': () =>
    formats.encodeCommandResults([
      committed,
      conflict,
      failed,
      failedAbsent,
      { kind: 'refused', code: 'TIMESTAMP_BEHIND', bound: TS },
    ]),
  'request result row': () => formats.encodeRequestResult({ commitTs: TS, result: committed }),
  'system key: applied': () => formats.SYSTEM_KEYS.appliedIndex,
  'system key: last commit': () => formats.SYSTEM_KEYS.lastCommitTs,
  'system key: floor': () => formats.SYSTEM_KEYS.retentionFloor,
  'system key: cluster': () => formats.SYSTEM_KEYS.clusterId,
  'system key: hlc ceiling': () => formats.SYSTEM_KEYS.hlcCeiling,
  'system key: membership': () => formats.SYSTEM_KEYS.membership,
  'system key: refused': () => formats.SYSTEM_KEYS.refusedCount,
  'system key: key state': () => formats.SYSTEM_KEYS.keyState,
  'system key: cutover': () => formats.SYSTEM_KEYS.cutoverProgress,
  'request result key': () => formats.requestResultKey(requestId),
  'index row': () => formats.encodeIndexRow(Number.MAX_SAFE_INTEGER),
  'timestamp row': () => formats.encodeTimestampRow(TS),
  'cutover progress': () => formats.encodeCutoverProgress({ term: 5, sealedSeen: true }),
  membership: () =>
    formats.encodeMembership({
      index: 12,
      voters: [1n, 2n],
      votersOutgoing: [1n],
      learners: [3n],
      learnersNext: [],
      autoLeave: true,
      peers: [
        { id: 1n, name: 'n1', address: '127.0.0.1:7000', clientAddress: '' },
        { id: 2n, name: 'nö', address: '', clientAddress: '' },
      ],
    }),
  'membership, with client addresses': () =>
    formats.encodeMembership({
      index: 12,
      voters: [1n],
      votersOutgoing: [],
      learners: [],
      learnersNext: [],
      autoLeave: false,
      peers: [{ id: 1n, name: 'n1', address: 'a:1', clientAddress: 'b:22' }],
    }),
  'wrapped DEK container': () => container,
  'wrap context': () => formats.wrapContext({ originId, keyId: 7, purpose: 1 }),
  'local KEK blob': () =>
    formats.encodeLocalKekBlob({
      nonce: range(0, 12),
      sealed: Uint8Array.of(...fill(0xcc, 32), ...fill(0xdd, 16)),
    }),
  'bootstrap, wire 2': () =>
    formats.encodeBootstrap({
      wire: 2,
      clusterId,
      confIndex: 3,
      stateIndex: 0,
      storage: key(7, 'storage', container),
      raft: key(9, 'raft', C1),
      writers: [
        { dekId: 7, fullNodeId: 0xabcdn, epoch: 0 },
        { dekId: 9, fullNodeId: 0xabcdn, epoch: 0 },
      ],
    }),
  'lifecycle, wire 2, rotate': () => lifecycle('rotate', [key(8, 'storage', C1)]),
  'lifecycle, wire 2, rewrap': () => lifecycle('rewrap', [key(7, 'storage', C1), key(9, 'raft', C2)]),
  'lifecycle, wire 2, retire': () => lifecycle('retire', [key(7, 'storage', none)]),
  'lifecycle, wire 2, enable storage envelope': () =>
    lifecycle('enableStorageEnvelope', [key(7, 'storage', none)]),
  'lifecycle, wire 2, enable raft envelope': () => lifecycle('enableRaftEnvelope', [key(7, 'storage', none)]),
  'lifecycle, wire 2, suspend': () => lifecycle('suspend', [key(7, 'storage', none)]),
  'lifecycle, wire 2, resume': () => lifecycle('resume', [key(7, 'storage', none)]),
  'lifecycle, wire 2, seal mode on': () => lifecycle('sealModeOn', []),
  'key state, MAC input': () => formats.keyStateMacInput(keyState),
  'key state, row': () => formats.encodeKeyState(keyState),
  'key state in sealed mode, row': () => formats.encodeKeyState(sealedState),
  'frame of two requests': () =>
    formats.encodeRequests([
      { id: 1, op: formats.OP.get, deadlineMs: 500, body: ascii('ab') },
      { id: 2, op: formats.OP.begin, deadlineMs: 0, body: none },
    ]),
  'frame of two responses': () =>
    formats.encodeResponses([
      { id: 2, status: formats.STATUS.ok, body: ascii('xyz') },
      { id: 1, status: formats.STATUS.error, body: none },
    ]),
  'get request': () => formats.encodeGetRequest({ key: ascii('key') }),
  'get request, stale, at a timestamp': () =>
    formats.encodeGetRequest({ key: ascii('key'), ts: TS, consistency: 'stale' }),
  'get response, absent': () => formats.encodeGetResponse({ readTs: TS, staleMs: 0 }),
  'get response, found': () =>
    formats.encodeGetResponse({
      found: { value: ascii('value'), commitTs: TS - 1n, expireAt: 0n },
      readTs: TS,
      staleMs: 11.2,
    }),
  'scan request': () =>
    formats.encodeScanRequest({
      from: ascii('a'),
      to: ascii('b'),
      reverse: true,
      keysOnly: true,
      limit: 100,
      ts: TS,
      consistency: 'stale',
      continuation: ascii('tok'),
    }),
  'scan response': () =>
    formats.encodeScanResponse({
      pairs: [
        { key: ascii('a'), value: ascii('1'), commitTs: TS - 2n },
        { key: ascii('b'), value: none, commitTs: TS - 1n },
      ],
      continuation: ascii('tok'),
      readTs: TS,
      staleMs: 0,
    }),
  'scan response, keys only': () =>
    formats.encodeScanResponse({
      pairs: [{ key: ascii('a'), commitTs: TS - 2n }],
      readTs: TS,
      staleMs: 0,
    }),
  'write request': () =>
    formats.encodeWriteRequest({
      requestId,
      startTs: TS - 9n,
      readKeys: [ascii('read')],
      readRanges: [{ from: ascii('z') }],
      conditions: [{ key: ascii('c1'), expect: { kind: 'absent' } }],
      mutations: [
        { op: 'put', key: ascii('k1'), value: ascii('v1') },
        { op: 'put', key: ascii('k2'), value: ascii('v2'), ttlMs: 60_000 },
        { op: 'delete', key: ascii('k3') },
        { op: 'deletePrefix', prefix: ascii('p/') },
      ],
    }),
  'begin response': () => formats.encodeBeginResponse({ startTs: TS }),
  'snapshot preamble': () =>
    formats.encodeSnapshotPreamble({
      clusterId,
      group: 1,
      index: 42,
      term: 7,
      hlcCeiling: 1_700_000_003_000n,
      refused: 2,
      storageCutoverIndex: 15,
      storageCutoverTs: TS,
      raftCutoverIndex: 16,
      membership: ascii('\x01membership'),
      cutoverProgress: formats.encodeCutoverProgress({ term: 5, sealedSeen: true }),
      keyState: ascii('\x01key state'),
    }),
  'snapshot chunk': () =>
    formats.encodeSnapshotChunk([
      { key: ascii('\x01applied'), value: formats.encodeIndexRow(42) },
      { key: ascii('\x02a'), value: none },
    ]),
  'snapshot trailer': () =>
    formats.encodeSnapshotTrailer({
      pairs: 2,
      digest: fromHex('8a8a87b5b5bae160587116e73806cbf77b911a89a33078645c37aaaa4fb62bc3')!,
      mac: fromHex('539f0704c702f0419fe72cb6eb503623903cbd00022898e731855fadabeb80ed')!,
    }),
  'intent to install': () =>
    formats.encodeInstallIntent({ index: 42, term: 7, currentTerm: 9, vote: 0xabcdn }),
  error: () => formats.encodeWireError(new CaissonError('NOT_LEADER', { leader: 'n2' })),
};

const TEXTS: Readonly<Record<string, () => Uint8Array>> = {
  'join token': () =>
    toUtf8(
      formats.encodeJoinToken({
        clusterId,
        birth: 'encrypted',
        format: 1,
        members: [{ name: 'n1', address: 'a:1', clientAddress: 'b:22' }],
      }),
    ),
  'sidecar, MAC input': () => formats.sidecarMacInput(sidecar),
  'sidecar, file': () => formats.printSidecar(sidecar),
};

test.each(Object.keys(LAYOUTS))('%s has its frozen bytes', (name) => {
  expect(toHex(LAYOUTS[name]!())).toBe(FROZEN[name]);
});

test.each(Object.keys(TEXTS))('%s has its frozen text', (name) => {
  expect(fromUtf8(TEXTS[name]!())).toBe(FROZEN[name]);
});

test('every frozen layout is compared', () => {
  expect([...Object.keys(LAYOUTS), ...Object.keys(TEXTS)].sort()).toEqual(Object.keys(FROZEN).sort());
});

test('frozen rows and entries decode to what they were made of', () => {
  const frozen = (name: string) => fromHex(FROZEN[name]!)!;
  expect(formats.decodeKeyState(frozen('key state, row'))).toEqual(keyState);
  expect(formats.decodeKeyState(frozen('key state in sealed mode, row'))).toEqual(sealedState);
  expect(formats.decodeCommand(frozen('command: everything'))).toEqual(wholeCommand);
  expect(formats.parseSidecar(toUtf8(FROZEN['sidecar, file']!))).toEqual(sidecar);
});
