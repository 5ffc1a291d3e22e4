import { ByteWriter, invariant } from '@caisson/base';
import type { MemberAddresses } from '@caisson/contracts';
import { decodeAll, expectByte, fits64 } from './decoding.js';
import { PROPOSAL_KIND } from './proposal.js';
import { readNodeName, readShortText, writeShortText } from './short-text.js';

/**
 * What a change of membership says beside the numbers of the members: whom it is about. Read by every replica
 * and stored clear, so it holds nothing secret.
 */
export interface ConfChangeContext extends MemberAddresses {
  readonly proposalId: bigint;
  /** Of the member that is added, promoted, moved or removed. */
  readonly name: string;
}

const VERSION = 0x01;

/** `0x03 ‖ proposal_id u64 ‖ 0x01 ‖ name ‖ address ‖ client_address`; a text is `length u16 ‖ UTF-8`. */
export function encodeConfChangeContext(context: ConfChangeContext): Uint8Array {
  const { proposalId, name, address, clientAddress } = context;
  invariant('FMT-1', name !== '', 'a change names its member');
  const writer = new ByteWriter(96).u8(PROPOSAL_KIND.membership).u64(fits64(proposalId, 'proposalId'));
  writer.u8(VERSION);
  for (const text of [name, address, clientAddress]) writeShortText(writer, text);
  return writer.done();
}

/** `ENTRY_MALFORMED` for anything else. The change that ends a joint membership has no context at all. */
export function decodeConfChangeContext(bytes: Uint8Array): ConfChangeContext {
  return decodeAll('ENTRY_MALFORMED', bytes, (reader) => {
    expectByte(reader, PROPOSAL_KIND.membership, 'kind');
    const proposalId = reader.u64('proposalId');
    expectByte(reader, VERSION, 'version');
    return {
      proposalId,
      name: readNodeName(reader, 'name'),
      address: readShortText(reader, 'address'),
      clientAddress: readShortText(reader, 'clientAddress'),
    };
  });
}
