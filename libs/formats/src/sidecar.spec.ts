import { fromUtf8, toUtf8 } from '@caisson/base';
import { isCaissonError } from '@caisson/contracts';
import { parseSidecar, printSidecar, type Sidecar, sidecarMacInput } from './index.js';

const sidecar: Sidecar = {
  clusterId: new Uint8Array(16).fill(1),
  groups: new Map([
    [
      1,
      {
        raftAppliedIndex: 4,
        activeStorage: 7,
        activeRaft: 9,
        storageEnvelopeActive: true,
        storageEnvelopeCutoverIndex: 3,
        storageCutoverTs: 0xffff_ffff_ffff_fffen,
        raftEnvelopeCutoverIndex: 4,
      },
    ],
  ]),
  keys: new Map([
    [
      7,
      {
        purpose: 'storage',
        originId: new Uint8Array(16).fill(1),
        check: new Uint8Array(8).fill(2),
        wrapped: new Uint8Array([0xc1, 1, 0]),
        created: 5,
        localEpoch: 6,
        state: 'active',
      },
    ],
  ]),
  macKeyId: 7,
  mac: new Uint8Array(32).fill(3),
};
const file = fromUtf8(printSidecar(sidecar))!;

function refusal(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    parseSidecar(toUtf8(text));
    return undefined;
  } catch (error) {
    return isCaissonError(error, 'SIDECAR_CORRUPT') ? error.details : { thrown: String(error) };
  }
}

test('u64 fields keep their last digit', () => {
  expect(file).toContain('"storage_cutover_ts": 18446744073709551614');
  expect(parseSidecar(toUtf8(file)).groups.get(1)?.storageCutoverTs).toBe(0xffff_ffff_ffff_fffen);
});

test('white space and the order of members do not matter to a reader, and not to the MAC', () => {
  const loose = JSON.stringify(JSON.parse(file.replace('18446744073709551614', '7')));
  expect(parseSidecar(toUtf8(loose)).macKeyId).toBe(7);
  const { mac, ...covered } = sidecar;
  expect(sidecarMacInput(parseSidecar(toUtf8(file)))).toEqual(sidecarMacInput(covered));
  expect(fromUtf8(sidecarMacInput(sidecar))).not.toContain('mac":');
  expect(mac).toHaveLength(32);
});

test.each<[string, string | RegExp, string, string]>([
  ['an unknown version', '"version": 1', '"version": 2', 'version'],
  ['a version of another type', '"version": 1', '"version": "1"', 'sidecar.version'],
  ['a missing MAC', /,\s*"mac_key_id": 7/, '', 'sidecar.mac_key_id'],
  ['a MAC that is too short', /"mac": "03/, '"mac": "', 'sidecar.mac'],
  ['upper-case hex', /"cluster_id": "01/, '"cluster_id": "0A', 'sidecar.cluster_id'],
  ['an unknown member', '"version": 1', '"version": 1, "extra": 1', 'sidecar'],
  ['an unknown purpose', '"purpose": "storage"', '"purpose": "challenge"', 'sidecar.keys.7.purpose'],
  ['an unknown state', '"state": "active"', '"state": "gone"', 'sidecar.keys.7.state'],
  ['an epoch above 16 bits', '"local_epoch": 6', '"local_epoch": 65536', 'sidecar.keys.7.local_epoch'],
  ['a negative epoch', '"local_epoch": 6', '"local_epoch": -6', 'sidecar.keys.7.local_epoch'],
  ['a fraction', '"local_epoch": 6', '"local_epoch": 6.0', 'json'],
  ['an exponent', '"local_epoch": 6', '"local_epoch": 6e0', 'json'],
  ['a leading zero', '"local_epoch": 6', '"local_epoch": 06', 'json'],
  ['a flag that is no boolean', '_active": true', '_active": 1', 'sidecar.groups.1.storage_envelope_active'],
  [
    'a timestamp above 64 bits',
    '18446744073709551614',
    '18446744073709551616',
    'sidecar.groups.1.storage_cutover_ts',
  ],
  [
    'an index above 2^53',
    '"raft_applied_index": 4',
    '"raft_applied_index": 9007199254740992',
    'sidecar.groups.1.raft_applied_index',
  ],
  ['a key id that is no id', '"7": {', '"07": {', 'sidecar.keys'],
  ['base64 without its padding', /"wrapped": "wQEA"/, '"wrapped": "wQE"', 'sidecar.keys.7.wrapped'],
  ['keys that are a list', /"keys": \{[^]*?\n {2}\}/, '"keys": []', 'sidecar.keys'],
  ['a member named twice', '"version": 1', '"version": 1, "version": 1', 'json'],
  ['trailing text', /\n$/, '\n{}', 'json'],
  ['a truncated file', /\n\}\n$/, '', 'json'],
  ['deep nesting', /"version": 1/, `"version": ${'['.repeat(99)}`, 'json'],
])('%s is refused and named', (_what, from, to, field) => {
  const edited = file.replace(from, to);
  expect(edited).not.toBe(file);
  expect(refusal(edited)).toMatchObject({ field });
});

test('what is no JSON, no UTF-8 or empty is refused', () => {
  for (const text of ['', 'null', '[]', '{}', '{"version":1', '"\\u12']) {
    expect(refusal(text)).toHaveProperty('field');
  }
  expect(() => parseSidecar(Uint8Array.of(0xff))).toThrow('SIDECAR_CORRUPT');
});

test('a refusal never quotes the file', () => {
  const edited = file.replace('"state": "active"', '"state": "hunter2"');
  expect(() => parseSidecar(toUtf8(edited))).not.toThrow('hunter2');
});

test('a long string does not exhaust the reader', () => {
  const long = `{"version":1,"x":"${'a'.repeat(5_000_000)}"}`;
  expect(refusal(long)).toHaveProperty('field');
});
