import { type ByteReader, ByteWriter, DecodeFault, invariant } from '@caisson/base';
import type { Peer } from '@caisson/contracts';
import { decodeAll, fits, fits64, fitsIndex, readFlags } from './decoding.js';
import { readShortText, writeShortText } from './short-text.js';

/** A member's entry in the address book. Addresses that nobody stated are empty. */
export interface MemberRecord extends Peer {
  /** Where clients reach it. */
  readonly clientAddress: string;
}

/** Who belongs to a group, as of an index. All id lists ascend. */
export interface Membership {
  /** Index of the entry that made it so. */
  readonly index: number;
  readonly voters: readonly bigint[];
  /** The voters being left behind, while a joint change is under way. */
  readonly votersOutgoing: readonly bigint[];
  readonly learners: readonly bigint[];
  /** Voters that become learners once the joint change ends. */
  readonly learnersNext: readonly bigint[];
  /** Whether the joint change ends by itself. */
  readonly autoLeave: boolean;
  /** The address book, ascending ids. */
  readonly peers: readonly MemberRecord[];
}

const WITHOUT_CLIENTS = 0x01;
const WITH_CLIENTS = 0x02;
const AUTO_LEAVE = 0x01;
const ID_BYTES = 8;
const PEER_BYTES_MIN = 12;

/**
 * `version u8 ‖ index u64 ‖ flags u8 (bit 0 auto leave) ‖ voters ‖ outgoing ‖ learners ‖ next ‖ peers`; an id
 * list is `count u16 ‖ count × u64`, peers are `count u16 ‖ count × (id u64 ‖ name ‖ address ‖ [client
 * address])`, a text is `length u16 ‖ UTF-8`.
 *
 * Version 1 has no client addresses and is written where there are none, so that replicas whose builds
 * differ in age still hold the same bytes.
 */
export function encodeMembership(membership: Membership): Uint8Array {
  const { index, voters, votersOutgoing, learners, learnersNext, autoLeave, peers } = membership;
  const hasClients = peers.some(({ clientAddress }) => clientAddress !== '');
  const writer = new ByteWriter(128).u8(hasClients ? WITH_CLIENTS : WITHOUT_CLIENTS);
  writer.index(fitsIndex(index, 'index')).u8(autoLeave ? AUTO_LEAVE : 0);
  for (const ids of [voters, votersOutgoing, learners, learnersNext]) writeIds(writer, ids);
  invariant('FMT-1', ascends(peers.map((peer) => peer.id)), 'peer ids ascend');
  writer.u16(fits(peers.length, 16, 'peers'));
  for (const { id, name, address, clientAddress } of peers) {
    writer.u64(fits64(id, 'id'));
    writeShortText(writer, name);
    writeShortText(writer, address);
    if (hasClients) writeShortText(writer, clientAddress);
  }
  return writer.done();
}

export function decodeMembership(row: Uint8Array): Membership {
  return decodeAll('CORRUPTION', row, (reader) => {
    const version = reader.u8('version');
    if (version !== WITHOUT_CLIENTS && version !== WITH_CLIENTS) {
      throw new DecodeFault('version', `is ${version}`);
    }
    return {
      index: reader.index('index'),
      autoLeave: readFlags(reader, AUTO_LEAVE, 'flags') !== 0,
      voters: readIds(reader, 'voters'),
      votersOutgoing: readIds(reader, 'votersOutgoing'),
      learners: readIds(reader, 'learners'),
      learnersNext: readIds(reader, 'learnersNext'),
      peers: readPeers(reader, version === WITH_CLIENTS),
    };
  });
}

function writeIds(writer: ByteWriter, ids: readonly bigint[]): void {
  invariant('FMT-1', ascends(ids), 'member ids ascend');
  writer.u16(fits(ids.length, 16, 'ids'));
  for (const id of ids) writer.u64(fits64(id, 'id'));
}

function readIds(reader: ByteReader, field: string): readonly bigint[] {
  const count = readShortCount(reader, ID_BYTES, field);
  const ids: bigint[] = [];
  for (let at = 0; at < count; at++) ids.push(reader.u64(field));
  if (!ascends(ids)) throw new DecodeFault(field, 'do not ascend');
  return ids;
}

function readPeers(reader: ByteReader, hasClients: boolean): readonly MemberRecord[] {
  const count = readShortCount(reader, PEER_BYTES_MIN, 'peers');
  const peers: MemberRecord[] = [];
  for (let at = 0; at < count; at++) {
    peers.push({
      id: reader.u64('id'),
      name: readShortText(reader, 'name'),
      address: readShortText(reader, 'address'),
      clientAddress: hasClients ? readShortText(reader, 'clientAddress') : '',
    });
  }
  if (hasClients && peers.every(({ clientAddress }) => clientAddress === '')) {
    throw new DecodeFault('peers', 'are of a version they do not need');
  }
  if (!ascends(peers.map((peer) => peer.id))) throw new DecodeFault('peers', 'do not ascend');
  return peers;
}

function readShortCount(reader: ByteReader, itemBytes: number, field: string): number {
  const count = reader.u16(field);
  if (count * itemBytes > reader.remaining) throw new DecodeFault(field, `announces ${count} items`);
  return count;
}

function ascends(ids: readonly bigint[]): boolean {
  return ids.every((id, at) => at === 0 || ids[at - 1]! < id);
}
