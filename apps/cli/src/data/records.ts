import { CaissonError, type Mutation } from '@caisson/contracts';

/** One pair of an import or export, or one change of a batch. */
export interface DataRecord {
  readonly key: Uint8Array;
  /** Absent for a deletion. */
  readonly value?: Uint8Array;
  readonly ttlMs?: number;
}

interface JsonRecord {
  readonly key?: unknown;
  readonly keyBase64?: unknown;
  readonly value?: unknown;
  readonly valueBase64?: unknown;
  readonly delete?: unknown;
  readonly ttlMs?: unknown;
}

/** One line of JSON Lines. `INVALID_ARGUMENT` names the line and the field, never their content. */
export function parseRecord(line: string, number: number): DataRecord {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    throw malformed(number, 'line', 'JSON');
  }
  if (typeof parsed !== 'object' || parsed === null) throw malformed(number, 'line', 'a JSON object');
  const record = parsed as JsonRecord;
  const key = bytesOf(record.key, record.keyBase64);
  if (!key) throw malformed(number, 'key', 'text, or keyBase64');
  if (record.delete === true) return { key };
  const value = bytesOf(record.value, record.valueBase64);
  if (!value) throw malformed(number, 'value', 'text, or valueBase64, or "delete": true');
  if (record.ttlMs === undefined) return { key, value };
  if (!Number.isInteger(record.ttlMs) || (record.ttlMs as number) < 1) {
    throw malformed(number, 'ttlMs', 'a positive whole number');
  }
  return { key, value, ttlMs: record.ttlMs as number };
}

/** The inverse: text where it is the same bytes, else base64. */
export function printRecord(key: Uint8Array, value: Uint8Array): string {
  return `${JSON.stringify({ ...field('key', key), ...field('value', value) })}\n`;
}

export function mutationOfRecord({ key, value, ttlMs }: DataRecord): Mutation {
  if (!value) return { op: 'delete', key };
  return { op: 'put', key, value, ...(ttlMs !== undefined && { ttlMs }) };
}

function bytesOf(text: unknown, base64: unknown): Uint8Array | undefined {
  if (typeof text === 'string') return new Uint8Array(Buffer.from(text, 'utf8'));
  if (typeof base64 !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) return undefined;
  return new Uint8Array(Buffer.from(base64, 'base64'));
}

function field(name: string, bytes: Uint8Array): Record<string, string> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const text = buffer.toString('utf8');
  // Text that does not give the same bytes back (not UTF-8, or a lone surrogate) travels as base64.
  if (Buffer.from(text, 'utf8').equals(buffer)) return { [name]: text };
  return { [`${name}Base64`]: buffer.toString('base64') };
}

function malformed(line: number, field: string, limit: string): CaissonError {
  return new CaissonError('INVALID_ARGUMENT', { line, field, limit });
}
