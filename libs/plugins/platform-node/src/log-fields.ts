import { types } from 'node:util';
import { isCaissonError, type LogFields, Secret } from '@caisson/contracts';

const DEPTH_MAX = 5;

type Presented =
  | string
  | number
  | boolean
  | null
  | readonly Presented[]
  | { readonly [name: string]: Presented };

/**
 * Fields as they may be printed: byte strings by their length alone, errors by code, message, stack and
 * cause, secrets as such. Nothing that a caller hands in by mistake prints bytes.
 */
export function presentFields(fields: LogFields): { [name: string]: Presented } {
  return presentObject(fields, 0);
}

function presentObject(value: object, depth: number): { [name: string]: Presented } {
  const shown: { [name: string]: Presented } = {};
  for (const [name, member] of Object.entries(value)) {
    if (member !== undefined) shown[name] = present(member, depth + 1);
  }
  return shown;
}

function present(value: unknown, depth: number): Presented {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value !== 'object') return typeof value === 'function' ? '[function]' : String(value);
  if (value instanceof Secret) return value.toString();
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return `[${value.byteLength} bytes]`;
  if (depth > DEPTH_MAX) return '[deep]';
  if (types.isNativeError(value)) return presentError(value, depth);
  if (types.isDate(value)) return value.toISOString();
  if (types.isMap(value)) return presentObject(Object.fromEntries(value), depth);
  if (Array.isArray(value) || types.isSet(value)) return [...value].map((item) => present(item, depth + 1));
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') {
    return present((value as { toJSON(): unknown }).toJSON(), depth + 1);
  }
  return presentObject(value, depth);
}

function presentError(error: Error, depth: number): Presented {
  const shown: { [name: string]: Presented } = { name: error.name, message: error.message };
  if (isCaissonError(error)) {
    shown['code'] = error.code;
    shown['details'] = presentObject(error.details, depth + 1);
  }
  if (error.stack !== undefined) shown['stack'] = error.stack;
  if (error.cause !== undefined) shown['cause'] = present(error.cause, depth + 1);
  return shown;
}
