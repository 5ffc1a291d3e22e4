import { fromHex, toHex } from '@caisson/base';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { type Codec, codec, exactly, index, judgeCodecs, u32, u64 } from '../testdata/hostile.js';
import * as formats from './index.js';

const text = fc.string({ maxLength: 20 });
const line: fc.Arbitrary<formats.AuditLine> = fc.record({
  kind: fc.constantFrom('begun' as const, 'ended' as const, 'refused' as const),
  call: exactly(16),
  at: u64,
  count: u32,
  node: text,
  who: text,
  from: text,
  what: text,
  detail: text,
  result: text,
});
const row = fc.record({ stamp: u64, index, line: line.map(formats.encodeAuditLine), hash: exactly(32) });

const CODECS: readonly Codec[] = [
  codec('audit line', 'CORRUPTION', line, [formats.encodeAuditLine, formats.decodeAuditLine]),
  codec('audit entry', 'ENTRY_MALFORMED', line, [
    formats.encodeAuditEntry,
    (input) => formats.decodeAuditLine(formats.decodeAuditEntry(input)),
  ]),
  codec('audit row', 'CORRUPTION', row, [formats.encodeAuditRow, formats.decodeAuditRow]),
  codec('audit head', 'CORRUPTION', fc.record({ count: index, stamp: u64, hash: exactly(32) }), [
    formats.encodeAuditHead,
    formats.decodeAuditHead,
  ]),
  codec('audit line key', 'CORRUPTION', index, [formats.auditLineKey, formats.decodeAuditLineKey]),
];

judgeCodecs(CODECS);

test('the line and the hash of the page on formats are what this code makes', () => {
  const encoded = formats.encodeAuditLine({
    kind: 'begun',
    call: Uint8Array.from({ length: 16 }, (_, at) => 16 + at),
    at: 1_700_000_000_000n << 16n,
    node: 'n1',
    who: 'token ops',
    from: '10.0.0.9:4000',
    what: 'encryption.rotate',
    detail: 'purpose=raft',
    result: '',
    count: 1,
  });
  const hex =
    '0101101112131415161718191a1b1c1d1e1f018bcfe5680000000000000100026e310009746f6b656e206f7073000d31302e302e302e393a34303030' +
    '0011656e6372797074696f6e2e726f74617465000c707572706f73653d726166740000';
  expect(toHex(encoded)).toBe(hex);
  const place = { stamp: 1_700_000_000_000n << 16n, index: 9, line: fromHex(hex)! };
  const input = formats.auditHashInput(formats.AUDIT_START, place);
  const hash = createHash('sha256').update(input).digest('hex');
  expect(hash).toBe('0993e1a44672e69d8602e77c70f5602a74479326783ca4789614815922487247');
});

test('a text beyond its limit is a bug of the encoder (FMT-1)', () => {
  const long: formats.AuditLine = {
    kind: 'refused',
    call: new Uint8Array(16),
    at: 0n,
    node: '',
    who: 'x'.repeat(257),
    from: '',
    what: '',
    detail: '',
    result: '',
    count: 1,
  };
  expect(() => formats.encodeAuditLine(long)).toThrow('FMT-1');
});
