import { toHex } from '@caisson/base';

const DEPTH_MAX = 5;

/** Everything an error or answer would show in a log: its text, its fields, and those of its causes. */
export function spoken(value: unknown, depth = 0): string {
  if (value instanceof Uint8Array) return toHex(value);
  if (typeof value !== 'object' || value === null || depth > DEPTH_MAX) return String(value);
  const names = Object.getOwnPropertyNames(value);
  const fields = names.map((name) => spoken(Reflect.get(value, name), depth + 1));
  return [String(value), ...fields].join('\n');
}

/** Whether `text` shows the secret in one of the shapes bytes are usually printed in. */
export function shows(text: string, secret: Uint8Array): boolean {
  const latin = String.fromCharCode(...secret);
  const shapes = [latin, btoa(latin).replaceAll('=', ''), secret.join(','), secret.join(', ')];
  const isHex = text.toLowerCase().replaceAll(/[\s:]/g, '').includes(toHex(secret));
  return isHex || shapes.some((shape) => text.includes(shape));
}
