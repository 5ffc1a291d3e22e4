import { equalBytes, toHex } from '@caisson/base';
import { type CaissonError, type ErrorCode, isCaissonError } from '@caisson/contracts';

/** A promise of a contract that was not kept. Says which, never how the kit is built. */
export class ComplianceFailure extends Error {
  override readonly name = 'ComplianceFailure';
}

const SHOWN_BYTES_MAX = 24;

/** States what must hold; `promise` completes the sentence "expected that …". */
export function check(condition: unknown, promise: string): asserts condition {
  if (!condition) throw new ComplianceFailure(`expected that ${promise}`);
}

/**
 * Compares plain data and byte strings by content, and names the first difference. A Buffer equals a
 * Uint8Array of the same bytes: contracts speak of bytes, not of classes.
 */
export function checkEqual(actual: unknown, expected: unknown, what: string): void {
  const difference = differenceOf(actual, expected, what);
  if (difference !== undefined) throw new ComplianceFailure(difference);
}

/** Runs `action` and returns the operating error it fails with, which must have one of `codes`. */
export async function checkFails(
  action: () => unknown,
  codes: ErrorCode | readonly ErrorCode[],
  what: string,
): Promise<CaissonError> {
  const accepted: readonly ErrorCode[] = typeof codes === 'string' ? [codes] : codes;
  const error = await checkThrows(action, what);
  if (isCaissonError(error) && accepted.includes(error.code)) return error;
  const met = isCaissonError(error) ? error.code : String(error);
  throw new ComplianceFailure(`${what}: expected to fail with ${accepted.join(' or ')}, failed with ${met}`);
}

/** Runs `action` and returns whatever it throws or rejects with. */
export async function checkThrows(action: () => unknown, what: string): Promise<unknown> {
  try {
    await action();
  } catch (error) {
    return error;
  }
  throw new ComplianceFailure(`${what}: expected to fail, succeeded`);
}

function differenceOf(actual: unknown, expected: unknown, path: string): string | undefined {
  if (Object.is(actual, expected)) return undefined;
  const isPlain =
    isStructured(actual) && isStructured(expected) && Array.isArray(actual) === Array.isArray(expected);
  if (!isPlain) {
    const isSame =
      actual instanceof Uint8Array && expected instanceof Uint8Array && equalBytes(actual, expected);
    return isSame ? undefined : `${path}: expected ${show(expected)}, got ${show(actual)}`;
  }
  for (const name of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    const place = Array.isArray(actual) ? `${path}, at ${name}` : `${path}, ${name}`;
    const difference = differenceOf(field(actual, name), field(expected, name), place);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

/** Arrays and plain objects: what has an inside to compare. */
function isStructured(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array);
}

function field(value: object, name: string): unknown {
  return (value as Readonly<Record<string, unknown>>)[name];
}

function show(value: unknown): string {
  if (value instanceof Uint8Array) {
    const more = value.length > SHOWN_BYTES_MAX ? `… (${value.length} bytes)` : '';
    return `<${toHex(value.slice(0, SHOWN_BYTES_MAX))}${more}>`;
  }
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'object' && value !== null) return `an object of ${Object.keys(value).join(', ')}`;
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
