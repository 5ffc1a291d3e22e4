import { ByteWriter, DecodeFault, fromUtf8, toUtf8 } from '@caisson/base';
import { CaissonError, codeOfWire, type ErrorDetails } from '@caisson/contracts';
import { decodeAll, fits } from '../decoding.js';

const DETAILS_BYTES_MAX = 16 * 1024;
const NO_DETAILS = '{}';

type Detail = ErrorDetails[string];

/**
 * `wire u16 ‖ details`, the number of the error and its details as a JSON object in UTF-8. Integers beyond
 * JSON's safe range travel as decimal strings. Details too long to send are left out, never cut.
 */
export function encodeWireError(error: CaissonError): Uint8Array {
  const details = toUtf8(encodeErrorDetails(error.details));
  return new ByteWriter(2 + details.length)
    .u16(fits(error.entry.wire, 16, 'wire'))
    .bytes(details)
    .done();
}

/** An error of the peer as an error of this process. A number this build does not know becomes `INTERNAL`. */
export function decodeWireError(body: Uint8Array): CaissonError {
  return decodeAll('MESSAGE_MALFORMED', body, (reader) => {
    const wire = reader.u16('wire');
    return wireError(wire, parseDetails(fromUtf8(reader.rest())));
  });
}

/** The details of an error as JSON text, for wherever text travels. */
export function encodeErrorDetails(details: ErrorDetails): string {
  const text = JSON.stringify(details, (_name, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
  return text.length > DETAILS_BYTES_MAX / 4 ? NO_DETAILS : text;
}

/** The inverse, for a peer's error by its number; `MESSAGE_MALFORMED` for text that is no such object. */
export function errorOfWire(wire: number, detailsJson: string): CaissonError {
  try {
    return wireError(wire, parseDetails(detailsJson));
  } catch (error) {
    if (error instanceof DecodeFault) return new CaissonError('MESSAGE_MALFORMED', { field: error.field });
    throw error;
  }
}

function wireError(wire: number, details: ErrorDetails): CaissonError {
  const code = codeOfWire(wire);
  return code === undefined
    ? new CaissonError('INTERNAL', { ...details, wire })
    : new CaissonError(code, details);
}

function parseDetails(text: string | undefined): ErrorDetails {
  if (text === undefined || text.length > DETAILS_BYTES_MAX)
    throw new DecodeFault('details', 'are no short text');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new DecodeFault('details', 'are no JSON');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new DecodeFault('details', 'are no object');
  }
  const details: [string, Detail][] = [];
  for (const [name, value] of Object.entries(parsed)) {
    if (!isDetail(value)) throw new DecodeFault('details', 'hold something that is no detail');
    details.push([name, value]);
  }
  return Object.fromEntries(details);
}

function isDetail(value: unknown): value is Detail {
  if (Array.isArray(value)) return value.every((item) => typeof item === 'string');
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
