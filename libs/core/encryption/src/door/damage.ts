import { type CaissonError, isCaissonError } from '@caisson/contracts';
import { encodeHeader, splitValue } from '@caisson/formats';

/**
 * What was done to a value that does not open, as far as it can be found out:
 *
 * `wrong key`: the key it names is not held here, or it opens under another one than it names. `context
 * mismatch`: its header was changed, or it claims to be clear where nothing clear is genuine. `truncation`:
 * too short for what it says it is. `bit rot`: anything else, be it a changed bit, a missing end, or the
 * value of another place; authentication does not tell these apart.
 */
export type Damage = 'wrong key' | 'context mismatch' | 'truncation' | 'bit rot';

/** Tries to open a value whose stored bytes are `stored`; answers whether it is genuine. */
export type Attempt = (stored: Uint8Array) => boolean;

const CUT = /is cut off|is missing|bytes, \d+ are left/;
const FLAG_AT = 10;
const KEY_ID_AT = 11;

/**
 * Costs some attempts to open it, so only for values that were refused. `storageKeys` are the ids of the keys
 * that might have sealed it.
 */
export function diagnose(
  stored: Uint8Array,
  refusal: CaissonError,
  { attempt, storageKeys }: { readonly attempt: Attempt; readonly storageKeys: readonly number[] },
): Damage {
  if (refusal.code === 'KEY_RETIRED') return 'wrong key';
  if (refusal.code === 'ENCRYPTED_VALUE_RESERVED_STATE') return 'context mismatch';
  if (refusal.details['damage'] === 'context mismatch') return 'context mismatch';
  if (CUT.test(String(refusal.details['problem']))) return 'truncation';
  if (withOtherKeys(stored, storageKeys).some(attempt)) return 'wrong key';
  if (refusal.code === 'UNKNOWN_KEY_ID') return 'wrong key';
  return withOtherContexts(stored).some(attempt) ? 'context mismatch' : 'bit rot';
}

/** As it would be if only the id of its key had been changed. */
function withOtherKeys(stored: Uint8Array, keyIds: readonly number[]): readonly Uint8Array[] {
  if (stored.length < KEY_ID_AT + 4) return [];
  const named = namedKey(stored);
  return keyIds
    .filter((keyId) => keyId !== named)
    .map((keyId) => {
      const other = stored.slice();
      new DataView(other.buffer).setUint32(KEY_ID_AT, keyId);
      return other;
    });
}

/** As it would be if only its header, or the flag of its envelope, had been changed. */
function withOtherContexts(stored: Uint8Array): readonly Uint8Array[] {
  const headers = headersOf(stored).map((header) => {
    const other = stored.slice();
    other.set(header);
    return other;
  });
  const flag = stored.slice();
  if (flag.length > FLAG_AT) flag[FLAG_AT]! ^= 1;
  return [...headers, flag];
}

function headersOf(stored: Uint8Array): readonly Uint8Array[] {
  try {
    const { tombstone, expireAt } = splitValue(stored).header;
    return [
      { tombstone: !tombstone, expireAt },
      { tombstone, expireAt: 0n },
      { tombstone: !tombstone, expireAt: 0n },
    ].map((header) => encodeHeader({ ...header, state: 'sealed' }));
  } catch (error) {
    if (!isCaissonError(error)) throw error;
    return [];
  }
}

function namedKey(stored: Uint8Array): number {
  return new DataView(stored.buffer, stored.byteOffset + KEY_ID_AT).getUint32(0);
}
