import { ByteWriter, DecodeFault, invariant } from '@caisson/base';
import type { MemberAddresses } from '@caisson/contracts';
import { decodeAll, expectByte, fits, fitsBytes, fitsIndex } from './decoding.js';
import { CLUSTER_ID_BYTES, type ClusterId } from './identity.js';
import { OPCODES } from './payload.js';
import { readNodeName, readShortText, writeShortText } from './short-text.js';

/** The node that made a group. Its addresses are empty where it takes no peers. */
export interface Founder extends MemberAddresses {
  readonly name: string;
}

/** The first entry with data of every group. */
export interface Genesis {
  readonly clusterId: ClusterId;
  readonly group: number;
  /** Format version of the data directory that made the group. */
  readonly format: number;
  /**
   * Absent in wire 1, which only the founder itself could apply: it meant whoever read it. Wire 2 is
   * written.
   */
  readonly founder?: Founder;
}

const WIRE_1 = 0x01;
const WIRE_2 = 0x02;

/**
 * `0x08 ‖ wire u8 ‖ cluster_id 16 ‖ group_id u64 ‖ format u32`, and in wire 2 the founder, `name ‖ address ‖
 * client_address`, where a text is `length u16 ‖ UTF-8`. Wire 1 without a founder, wire 2 with one.
 */
export function encodeGenesis({ clusterId, group, format, founder }: Genesis): Uint8Array {
  const writer = new ByteWriter(96)
    .u8(OPCODES.genesis)
    .u8(founder === undefined ? WIRE_1 : WIRE_2)
    .bytes(fitsBytes(clusterId, CLUSTER_ID_BYTES, 'clusterId'))
    .index(fitsIndex(group, 'group'))
    .u32(fits(format, 32, 'format'));
  if (founder === undefined) return writer.done();
  invariant('FMT-1', founder.name !== '', 'a founder has a name');
  for (const text of [founder.name, founder.address, founder.clientAddress]) writeShortText(writer, text);
  return writer.done();
}

export function decodeGenesis(payload: Uint8Array): Genesis {
  return decodeAll('ENTRY_MALFORMED', payload, (reader) => {
    expectByte(reader, OPCODES.genesis, 'opcode');
    const wire = reader.u8('version');
    if (wire !== WIRE_1 && wire !== WIRE_2) throw new DecodeFault('version', `is ${wire}`);
    const clusterId = reader.bytes(CLUSTER_ID_BYTES, 'clusterId');
    const genesis = { clusterId, group: reader.index('group'), format: reader.u32('format') };
    if (wire === WIRE_1) return genesis;
    const name = readNodeName(reader, 'name');
    const address = readShortText(reader, 'address');
    return {
      ...genesis,
      founder: { name, address, clientAddress: readShortText(reader, 'clientAddress') },
    };
  });
}
