import { type ByteReader, type ByteWriter, DecodeFault, fromUtf8, toUtf8 } from '@caisson/base';
import { fits } from './decoding.js';

/** `length u16 ‖ UTF-8`: names and addresses. */
export function writeShortText(writer: ByteWriter, text: string): void {
  const bytes = toUtf8(text);
  writer.u16(fits(bytes.length, 16, 'text')).bytes(bytes);
}

export function readShortText(reader: ByteReader, field: string): string {
  const text = fromUtf8(reader.view(reader.u16(field), field));
  if (text === undefined) throw new DecodeFault(field, 'is not UTF-8');
  return text;
}

/** As `readShortText`, for the name of a node: never empty, because the empty name means unknown. */
export function readNodeName(reader: ByteReader, field: string): string {
  const name = readShortText(reader, field);
  if (name === '') throw new DecodeFault(field, 'is empty');
  return name;
}
