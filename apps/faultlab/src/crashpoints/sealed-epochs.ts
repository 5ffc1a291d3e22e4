import { toHex } from '@caisson/base';
import { AesGcmCipher } from '@caisson/cipher-aes-gcm';
import { override } from '@caisson/compliance';
import type { Cipher, PreparedKey } from '@caisson/contracts';
import { NodeHashes } from '@caisson/platform-node';

/** The highest epoch under which anything was sealed, by key. */
export type Epochs = Readonly<Record<string, number>>;

const hashes = new NodeHashes();
const EPOCH_AT = 2;

/** A cipher that tells under which key and epoch it seals: the epoch stands in every nonce. */
export function watched(onSeal: (key: string, epoch: number) => void): Cipher {
  const sound = new AesGcmCipher();
  const prepare: Cipher['prepare'] = (key) => {
    const name = toHex(hashes.sha256(key.reveal())).slice(0, 16);
    const prepared = sound.prepare(key);
    const tell = (nonce: Uint8Array): void => onSeal(name, (nonce[EPOCH_AT]! << 8) | nonce[EPOCH_AT + 1]!);
    const seal: PreparedKey['seal'] = (nonce, aad, text) => {
      tell(nonce);
      return prepared.seal(nonce, aad, text);
    };
    const sealBehind: NonNullable<PreparedKey['sealBehind']> = (room, nonce, aad, text) => {
      tell(nonce);
      return prepared.sealBehind!(room, nonce, aad, text);
    };
    return override(prepared, { seal, ...(prepared.sealBehind !== undefined && { sealBehind }) });
  };
  return override<Cipher>(sound, { prepare });
}
