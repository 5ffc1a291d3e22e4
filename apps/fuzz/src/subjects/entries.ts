import * as formats from '@caisson/formats';
import { confChangeEntry, createConfChange, decodeConfChange } from '@caisson/raft';
import { codec, reader, sample, type Subject } from '../subject.js';
import { CLAIM, FOUNDER, KEY, LIFECYCLE, WRITE } from './values.js';

const code = 'ENTRY_MALFORMED';

/** What is in the log. */
export const ENTRIES: readonly Subject[] = [
  codec({
    name: 'proposal',
    code,
    values: [
      { kind: 'clear' as const, proposalId: 7n, body: sample(9) },
      { kind: 'sealed' as const, proposalId: 7n, body: sample(60) },
    ],
    encode: ({ kind, proposalId, body }: formats.Proposal) =>
      kind === 'clear'
        ? formats.encodeClearProposal(proposalId, body)
        : formats.encodeSealedProposal(proposalId, body),
    decode: formats.decodeProposal,
  }),
  reader({
    name: 'proposal id',
    seeds: [formats.encodeClearProposal(7n, sample(3))],
    decode: formats.proposalIdOf,
    codes: [code],
    covers: ['proposalIdOf'],
  }),
  reader({
    name: 'opcode',
    seeds: [formats.encodeHlcCeiling(5n), new Uint8Array(0)],
    decode: formats.payloadOpcode,
    codes: [code],
    covers: ['payloadOpcode'],
  }),
  codec({
    name: 'clock ceiling',
    code,
    values: [0n, 1_700_000_000_000n],
    encode: formats.encodeHlcCeiling,
    decode: formats.decodeHlcCeiling,
  }),
  codec<formats.Genesis>({
    name: 'genesis',
    code,
    values: [
      { clusterId: sample(16), group: 1, format: 1 },
      { clusterId: sample(16), group: 1, format: 1, founder: FOUNDER },
    ],
    encode: formats.encodeGenesis,
    decode: formats.decodeGenesis,
  }),
  codec({
    name: 'command payload',
    code,
    values: [[sample(4)], [sample(4), sample(0), sample(30)]],
    encode: formats.encodeCommands,
    decode: formats.decodeCommands,
  }),
  codec<formats.Command>({
    name: 'command',
    code,
    values: [{ kind: 'floor', floor: 3n, commitTs: 9n }, ...WRITE],
    encode: formats.encodeCommand,
    decode: formats.decodeCommand,
  }),
  codec<formats.WriterClaim>({
    name: 'registration',
    code,
    values: [CLAIM],
    encode: formats.encodeRegisterWriter,
    decode: formats.decodeRegisterWriter,
  }),
  codec<formats.BootstrapEntry>({
    name: 'bootstrap',
    code,
    values: [
      {
        wire: 1,
        storage: { keyId: 1, wrapped: sample(20) },
        raft: { keyId: 2, wrapped: sample(20) },
        writers: [CLAIM],
      },
      {
        wire: 2,
        clusterId: sample(16),
        confIndex: 4,
        stateIndex: 0,
        storage: KEY,
        raft: { ...KEY, keyId: 9, purpose: 'raft' },
        writers: [CLAIM, CLAIM],
      },
    ],
    encode: formats.encodeBootstrap,
    decode: formats.decodeBootstrap,
  }),
  codec<formats.LifecycleEntry>({
    name: 'key lifecycle',
    code,
    values: LIFECYCLE,
    encode: formats.encodeLifecycle,
    decode: formats.decodeLifecycle,
  }),
  codec<formats.UsageReport>({
    name: 'usage report',
    code,
    values: [
      {
        fullNodeId: 9n,
        keys: [
          { dekId: 3, messages: 5, blocks: 80 },
          { dekId: 4, messages: 1, blocks: 2 },
        ],
      },
    ],
    encode: formats.encodeUsageReport,
    decode: formats.decodeUsageReport,
  }),
  codec<formats.ConfChangeContext>({
    name: 'change of membership',
    code,
    values: [{ proposalId: 5n, name: 'n1', address: 'a:1', clientAddress: 'b:2' }],
    encode: formats.encodeConfChangeContext,
    decode: formats.decodeConfChangeContext,
  }),
  reader({
    name: 'change of the core',
    seeds: [
      confChangeEntry(createConfChange({ changes: [{ kind: 'add-voter', id: 300 }], context: sample(5) }))
        .data,
      confChangeEntry(
        createConfChange({ transition: 'explicit', changes: [{ kind: 'remove', id: 2 ** 40 }] }),
      ).data,
    ],
    decode: (data) => decodeConfChange({ type: 'EntryConfChangeV2', data }),
    codes: [],
    covers: [],
  }),
];
