import { type ByteReader, DecodeFault } from '@caisson/base';
import { decodeAll, fits64, malformed } from './decoding.js';

/** First byte of an entry's data. It makes a sealed entry recognisable without knowing the cutover. */
export const PROPOSAL_KIND = Object.freeze({
  clear: 0x01,
  /** Begins the context of a membership change, which is never sealed. */
  membership: 0x03,
  sealed: 0x04,
});

export const PROPOSAL_HEADER_BYTES = 9;

export interface Proposal {
  readonly kind: 'clear' | 'sealed';
  readonly proposalId: bigint;
  /** The payload from its opcode on (clear) or a Raft envelope around it (sealed). */
  readonly body: Uint8Array;
}

/** `0x01 ‖ proposal_id u64 ‖ payload`. */
export function encodeClearProposal(proposalId: bigint, payload: Uint8Array): Uint8Array {
  return encode(PROPOSAL_KIND.clear, proposalId, payload);
}

/** `0x04 ‖ proposal_id u64 ‖ Raft envelope`. */
export function encodeSealedProposal(proposalId: bigint, envelope: Uint8Array): Uint8Array {
  return encode(PROPOSAL_KIND.sealed, proposalId, envelope);
}

/** Takes the data of a normal entry apart. Empty data is no proposal: a new leader's entry has none. */
export function decodeProposal(data: Uint8Array): Proposal {
  return decodeAll('ENTRY_MALFORMED', data, readProposal);
}

/** The id alone, without copying the body: waiting callers are found before anything is opened. */
export function proposalIdOf(data: Uint8Array): bigint {
  const kind = data[0];
  if (kind !== PROPOSAL_KIND.clear && kind !== PROPOSAL_KIND.sealed) {
    throw malformed('ENTRY_MALFORMED', 'kind', `is ${kind}`);
  }
  if (data.length < PROPOSAL_HEADER_BYTES) throw malformed('ENTRY_MALFORMED', 'proposalId', 'is cut off');
  return new DataView(data.buffer, data.byteOffset, PROPOSAL_HEADER_BYTES).getBigUint64(1);
}

function encode(kind: number, proposalId: bigint, body: Uint8Array): Uint8Array {
  const data = new Uint8Array(PROPOSAL_HEADER_BYTES + body.length);
  data[0] = kind;
  new DataView(data.buffer).setBigUint64(1, fits64(proposalId, 'proposalId'));
  data.set(body, PROPOSAL_HEADER_BYTES);
  return data;
}

function readProposal(reader: ByteReader): Proposal {
  const kind = reader.u8('kind');
  if (kind !== PROPOSAL_KIND.clear && kind !== PROPOSAL_KIND.sealed) {
    throw new DecodeFault('kind', `is ${kind}`);
  }
  const proposalId = reader.u64('proposalId');
  return { kind: kind === PROPOSAL_KIND.clear ? 'clear' : 'sealed', proposalId, body: reader.rest() };
}
