import { ERRORS, type ErrorCode, type ErrorEntry } from './catalogue.js';

/** Facts about the failure. No value bytes, no key material, no user keys. */
export type ErrorDetails = Readonly<Record<string, string | number | bigint | boolean | readonly string[]>>;

const BRAND = Symbol.for('caisson.error');

/**
 * An operating error: something in the world is not as it must be, and somebody can act on it.
 *
 * Recognised by `isCaissonError`, never by `instanceof`: two copies of this package may live in one process.
 */
export class CaissonError extends Error {
  override readonly name = 'CaissonError';
  readonly [BRAND] = true;

  constructor(
    readonly code: ErrorCode,
    readonly details: ErrorDetails = {},
    options: { readonly cause?: unknown } = {},
  ) {
    super(describe(code, details), options);
  }

  get entry(): ErrorEntry {
    return ERRORS[this.code];
  }
}

/** Whether `error` is an operating error, of `code` if one is given. */
export function isCaissonError(error: unknown, code?: ErrorCode): error is CaissonError {
  if (typeof error !== 'object' || error === null) return false;
  const candidate = error as { [BRAND]?: unknown; code?: unknown };
  return candidate[BRAND] === true && (code === undefined || candidate.code === code);
}

/**
 * The error itself if it is an operating error, else `INTERNAL` around it. The text of a foreign error is
 * kept as the cause only, because nobody knows what it quotes.
 */
export function toCaissonError(error: unknown): CaissonError {
  return isCaissonError(error) ? error : new CaissonError('INTERNAL', {}, { cause: error });
}

/** Finds an operating error by its number between peers; `undefined` for one this build does not know. */
export function codeOfWire(wire: number): ErrorCode | undefined {
  for (const [code, entry] of Object.entries(ERRORS)) if (entry.wire === wire) return code as ErrorCode;
  return undefined;
}

function describe(code: ErrorCode, details: ErrorDetails): string {
  const { meaning, wayOut } = ERRORS[code];
  const facts = Object.entries(details).map(([name, value]) => `${name}=${String(value)}`);
  return `${code}: ${meaning}${facts.length > 0 ? ` [${facts.join(', ')}]` : ''} ${wayOut}`;
}
