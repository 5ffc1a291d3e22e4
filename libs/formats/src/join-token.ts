import { type ByteReader, ByteWriter, crc32c, DecodeFault } from '@caisson/base';
import { type Birth, CaissonError, type MemberAddresses } from '@caisson/contracts';
import { fromBase64, toBase64 } from './base64.js';
import { decodeAll, expectByte, fits, fitsBytes } from './decoding.js';
import { CLUSTER_ID_BYTES, type ClusterId } from './identity.js';
import { readNodeName, readShortText, writeShortText } from './short-text.js';

/** What a node that joins has to know. No secret: whoever holds it is not let in for that. */
export interface JoinToken {
  readonly clusterId: ClusterId;
  readonly birth: Birth;
  /** Format version of the cluster's data directories. */
  readonly format: number;
  /** Members when the token was made. */
  readonly members: readonly JoinMember[];
}

export interface JoinMember extends MemberAddresses {
  readonly name: string;
}

const VERSION = 0x01;
const BIRTHS: readonly Birth[] = ['encrypted', 'clear'];
const CHECK_BYTES = 4;
const MEMBER_BYTES_MIN = 7;

/**
 * Unpadded base64url of `0x01 ‖ cluster_id 16 ‖ birth u8 ‖ format u32 ‖ count u16 ‖ count × (name ‖ address ‖
 * client_address) ‖ crc32c u32`. The checksum is there for copying by hand.
 */
export function encodeJoinToken({ clusterId, birth, format, members }: JoinToken): string {
  const writer = new ByteWriter(128).u8(VERSION).bytes(fitsBytes(clusterId, CLUSTER_ID_BYTES, 'clusterId'));
  writer
    .u8(BIRTHS.indexOf(birth))
    .u32(fits(format, 32, 'format'))
    .u16(fits(members.length, 16, 'members'));
  for (const { name, address, clientAddress } of members) {
    for (const text of [name, address, clientAddress]) writeShortText(writer, text);
  }
  const bytes = writer.u32(crc32c(writer.done())).done();
  return toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** `INVALID_ARGUMENT` for anything that `encodeJoinToken` would not have written. */
export function decodeJoinToken(token: string): JoinToken {
  const bytes = /^[\w-]+$/.test(token) ? fromBase64(padded(token)) : undefined;
  const end = (bytes?.length ?? 0) - CHECK_BYTES;
  if (bytes === undefined || end < 0) throw invalid('is not a join token');
  const check = new DataView(bytes.buffer, bytes.byteOffset + end, CHECK_BYTES).getUint32(0);
  if (check !== crc32c(bytes.subarray(0, end))) throw invalid('was not copied whole');
  return decodeAll('INVALID_ARGUMENT', bytes.subarray(0, end), readToken);
}

function readToken(reader: ByteReader): JoinToken {
  expectByte(reader, VERSION, 'version');
  const clusterId = reader.bytes(CLUSTER_ID_BYTES, 'clusterId');
  const birth = BIRTHS[reader.u8('birth')];
  if (birth === undefined) throw new DecodeFault('birth', 'is unknown');
  const format = reader.u32('format');
  const count = reader.u16('members');
  if (count * MEMBER_BYTES_MIN > reader.remaining) throw new DecodeFault('members', `announces ${count}`);
  const members: JoinMember[] = [];
  for (let at = 0; at < count; at++) {
    const name = readNodeName(reader, 'name');
    const address = readShortText(reader, 'address');
    members.push({ name, address, clientAddress: readShortText(reader, 'clientAddress') });
  }
  return { clusterId, birth, format, members };
}

function padded(token: string): string {
  const text = token.replaceAll('-', '+').replaceAll('_', '/');
  return text + '='.repeat((4 - (text.length % 4)) % 4);
}

function invalid(problem: string): CaissonError {
  return new CaissonError('INVALID_ARGUMENT', { field: 'token', problem });
}
