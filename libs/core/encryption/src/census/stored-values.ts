import { isCaissonError, type Pair, type ReadView } from '@caisson/contracts';
import { decodeHeader, envelopeKeyId, envelopeVersion, TABLE, VALUE_HEADER_BYTES } from '@caisson/formats';

/** How a value is stored, as far as it says so itself. Nothing is verified. */
export type StoredKind =
  /** Carries no body. */
  | { readonly kind: 'tombstone' }
  | { readonly kind: 'clear' }
  | { readonly kind: 'sealed'; readonly keyId: number; readonly version: number }
  /** Of which nobody can tell under which key it is. */
  | { readonly kind: 'unreadable' };

export function storedKind(stored: Uint8Array): StoredKind {
  try {
    const { state, tombstone } = decodeHeader(stored);
    if (state === 'clear') return { kind: tombstone ? 'tombstone' : 'clear' };
    const envelope = stored.subarray(VALUE_HEADER_BYTES);
    return { kind: 'sealed', keyId: envelopeKeyId(envelope), version: envelopeVersion(envelope) };
  } catch (error) {
    if (isCaissonError(error)) return { kind: 'unreadable' };
    throw error;
  }
}

/** Where values are: versions, and the intents behind them. */
const VALUES = Object.freeze({ from: Uint8Array.of(TABLE.versions), to: Uint8Array.of(TABLE.locks + 1) });
const PAGE_PAIRS = 1024;

/** Every version and intent, as stored, in the order of their keys. */
export async function* storedValues(
  view: ReadView,
  {
    from = VALUES.from,
    pagePairs = PAGE_PAIRS,
  }: { readonly from?: Uint8Array; readonly pagePairs?: number } = {},
): AsyncGenerator<readonly Pair[], void, undefined> {
  const cursor = view.scan({ from, to: VALUES.to });
  for (;;) {
    const page = await cursor.next({ pairs: pagePairs });
    if (page.length === 0) return;
    yield page;
  }
}
