import { concatBytes, equalBytes } from '@caisson/base';
import { decodeEnvelope, encodeEnvelope, type EnvelopeLayer, raftAad, storageAad } from '../envelope.js';
import { decodeProposal, encodeSealedProposal } from '../proposal.js';
import { encodeHeader, splitValue } from '../value.js';
import { decodeLocalKekBlob, encodeLocalKekBlob } from '../wrapped-dek.js';
import type { VectorContext } from './judge.js';
import type { VectorFields } from './tally.js';

export function judgeStorageEnvelope(context: VectorContext, item: VectorFields, where: string): void {
  const { tally, crypto, dek } = context;
  const plaintext = item.hex('plaintext');
  const keyId = item.number('keyId');
  const expireAt = item.u64('expireAt');
  const storeKey = item.hex('storeKey');
  const nonce = item.hex('nonce');
  const aad = item.hex('aad');
  const envelope = item.hex('envelope');
  const storedValue = item.hex('storedValue');

  const headerBytes = encodeHeader({ tombstone: false, state: 'sealed', expireAt });
  const computedAad = storageAad({ flag: 0, keyId, headerBytes, storeKey });
  tally.expect(`${where}.aad`, aad, () => computedAad);
  tally.expect(`${where}.envelope`, envelope, () => {
    const sealed = crypto.seal(dek, nonce, computedAad, plaintext);
    return encodeEnvelope({ flag: 0, keyId, nonce, sealed });
  });
  tally.expect(`${where}.storedValue`, storedValue, () => concatBytes(headerBytes, envelope));
  tally.expect(`${where}.expireAt`, expireAt, () => splitValue(storedValue).header.expireAt);
  tally.expect(`${where}.plaintext`, plaintext, () => {
    const stored = splitValue(storedValue);
    const { flag, keyId: named } = decodeEnvelope(stored.body, 'storage');
    const bound = storageAad({ flag, keyId: named, headerBytes: stored.headerBytes, storeKey });
    return opened(context, { layer: 'storage', envelope: stored.body, aad: bound });
  });
}

export function judgeRaftEnvelope(context: VectorContext, item: VectorFields, where: string): void {
  const { tally, crypto, dek } = context;
  const payload = item.hex('payload');
  const keyId = item.number('keyId');
  const nonce = item.hex('nonce');
  const envelope = item.hex('envelope');
  const proposalId = item.u64('proposalId');

  tally.expect(`${where}.aad`, item.hex('aad'), () => raftAad(keyId));
  tally.expect(`${where}.envelope`, envelope, () => {
    const sealed = crypto.seal(dek, nonce, raftAad(keyId), payload);
    return encodeEnvelope({ flag: 0, keyId, nonce, sealed });
  });
  const proposal = encodeSealedProposal(proposalId, envelope);
  tally.expect(`${where}.proposalId`, proposalId, () => decodeProposal(proposal).proposalId);
  tally.expect(`${where}.payload`, payload, () => {
    const { body } = decodeProposal(proposal);
    return opened(context, { layer: 'raft', envelope: body, aad: raftAad(keyId) });
  });
}

/**
 * Each envelope must open as what it is, or the refusals below would prove nothing, and must not open as the
 * other: not under the Raft data of its key, and not under the storage data of any value in the file.
 */
export function judgeCrossLayer(context: VectorContext, name: string): void {
  const { tally, file } = context;
  const section = file.object(name);
  const storage = section.hex('storage');
  const raft = section.hex('raft');
  section.end();
  const values = file.has('storageEnvelopes') ? file.list('storageEnvelopes') : [];
  const storageAads = values.map((item) => item.hex('aad'));
  const { keyId: storageKey } = decodeEnvelope(storage, 'storage');
  const { keyId: raftKey } = decodeEnvelope(raft, 'raft');

  const opens = (layer: EnvelopeLayer, envelope: Uint8Array, aad: Uint8Array): boolean =>
    tryOpen(context, { layer, envelope, aad }) !== undefined;
  const asStorage = (envelope: Uint8Array): boolean =>
    storageAads.some((aad) => opens('storage', envelope, aad));

  tally.expect(`${name}.storage opens as a value of the file`, true, () => asStorage(storage));
  tally.expect(`${name}.storage opens as a log payload`, false, () =>
    opens('raft', storage, raftAad(storageKey)),
  );
  tally.expect(`${name}.raft opens as a log payload`, true, () => opens('raft', raft, raftAad(raftKey)));
  tally.expect(`${name}.raft opens as a value of the file`, false, () => asStorage(raft));
}

export function judgeWrappedDek({ tally, crypto, dek, file }: VectorContext, name: string): void {
  const section = file.object(name);
  const kek = section.hex('kek');
  const nonce = section.hex('nonce');
  const aad = section.hex('aad');
  const wrapped = section.hex('wrapped');
  section.end();
  tally.expect(`${name}.nonce`, nonce, () => decodeLocalKekBlob(wrapped).nonce);
  tally.expect(`${name}.dek`, dek, () => {
    const blob = decodeLocalKekBlob(wrapped);
    return crypto.open(kek, blob.nonce, aad, blob.sealed) ?? new Uint8Array(0);
  });
  tally.expect(`${name}.wrapped`, wrapped, () =>
    encodeLocalKekBlob({ nonce, sealed: crypto.seal(kek, nonce, aad, dek) }),
  );
}

interface Sealed {
  readonly layer: EnvelopeLayer;
  readonly envelope: Uint8Array;
  readonly aad: Uint8Array;
}

function tryOpen({ crypto, dek }: VectorContext, { layer, envelope, aad }: Sealed): Uint8Array | undefined {
  const { nonce, sealed } = decodeEnvelope(envelope, layer);
  const plaintext = crypto.open(dek, nonce, aad, sealed);
  if (plaintext === undefined) return undefined;
  const again = crypto.seal(dek, nonce, aad, plaintext);
  return equalBytes(again, sealed) ? plaintext : undefined;
}

/** `false` when it does not open, which must not look like opening as empty. */
function opened(context: VectorContext, sealed: Sealed): Uint8Array | boolean {
  return tryOpen(context, sealed) ?? false;
}
