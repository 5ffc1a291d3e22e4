import * as formats from '@caisson/formats';
import { sample, type Subject } from '../subject.js';

const { auditProto, backupProto, clusterProto, encryptionProto, grpcMethods, peerProto, proto } = formats;

const SERVICES: readonly formats.ServiceDescription[] = [
  proto.KvDefinition,
  clusterProto.ClusterDefinition,
  encryptionProto.EncryptionDefinition,
  backupProto.BackupDefinition,
  auditProto.AuditDefinition,
  peerProto.PeerDefinition,
];

/** Fields of every wire type, nested groups among them, and lengths that lead nowhere. */
const SEEDS: readonly Uint8Array[] = [
  new Uint8Array(0),
  Uint8Array.of(0x08, 0x01, 0x10, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x18, 0x01),
  Uint8Array.of(0x0a, 0x04, ...sample(4), 0x12, 0x03, 0x61, 0x62, 0x63, 0x1a, 0x02, 0x08, 0x05),
  Uint8Array.of(0x0a, 0x0a, 0x0a, 0x03, 0x61, 0x62, 0x63, 0x12, 0x03, 0x61, 0x62, 0x63, 0x20, 0x07),
  Uint8Array.of(0x0d, 1, 2, 3, 4, 0x11, 1, 2, 3, 4, 5, 6, 7, 8, 0x0a, 0xff, 0xff, 0xff, 0xff, 0x07),
  new Uint8Array(3000).fill(0x0b),
  new Uint8Array(3000).fill(0x7b),
];

/** Bodies of gRPC calls, in both directions, of every method of every service. */
export const CALLS: readonly Subject[] = SERVICES.flatMap((service) =>
  Object.entries(grpcMethods(service, (bytes) => bytes)).flatMap(([, method]) => {
    const name = method.path.slice(method.path.lastIndexOf('.') + 1);
    return [
      subject(`${name} request`, method.requestDeserialize, method.requestSerialize),
      subject(`${name} response`, method.responseDeserialize, method.responseSerialize),
    ];
  }),
);

function subject(
  name: string,
  decode: (input: Uint8Array) => unknown,
  encode: (message: never) => Uint8Array,
): Subject {
  return {
    name,
    seeds: SEEDS,
    decode,
    encode: (value) => encode(value as never),
    codes: ['MESSAGE_MALFORMED'],
    manyForms: true,
    covers: [],
  };
}
