import { type ByteReader, ByteWriter, DecodeFault, invariant } from '@caisson/base';
import { decodeAll, expectByte, fits64, malformed, readCount } from './decoding.js';

/**
 * First byte of a payload. Ranges above belong to further appliers; an opcode nobody owns halts the group.
 */
export const OPCODES = Object.freeze({
  command: 0x00,
  commandBatch: 0x01,
  hlcCeiling: 0x02,
  registerWriter: 0x03,
  bootstrapEncryption: 0x04,
  keyLifecycle: 0x05,
  keyUsage: 0x06,
  genesis: 0x08,
  auditLine: 0x10,
});

/** The opcode of a payload, also one that nobody owns. */
export function payloadOpcode(payload: Uint8Array): number {
  const opcode = payload[0];
  if (opcode === undefined) throw malformed('ENTRY_MALFORMED', 'opcode', 'is missing');
  return opcode;
}

/** `0x02 ‖ Unix milliseconds u64`: no timestamp above it may be issued. */
export function encodeHlcCeiling(ceilingMs: bigint): Uint8Array {
  return new ByteWriter(9).u8(OPCODES.hlcCeiling).u64(fits64(ceilingMs, 'ceilingMs')).done();
}

export function decodeHlcCeiling(payload: Uint8Array): bigint {
  return decodeAll('ENTRY_MALFORMED', payload, (reader) => {
    expectByte(reader, OPCODES.hlcCeiling, 'opcode');
    return reader.u64('ceilingMs');
  });
}

/**
 * One command as `0x00 ‖ command`, several as `0x01 ‖ count u32 ‖ count × (length u32 ‖ command)`. They share
 * a proposal id and an envelope; their results are a list in the same order.
 */
export function encodeCommands(commands: readonly Uint8Array[]): Uint8Array {
  invariant('FMT-1', commands.length > 0, 'a payload carries at least one command');
  if (commands.length === 1) return single(commands[0]!);
  let bytes = 5;
  for (const command of commands) bytes += 4 + command.length;
  const writer = new ByteWriter(bytes).u8(OPCODES.commandBatch).u32(commands.length);
  for (const command of commands) writer.block(command);
  return writer.done();
}

/**
 * The commands of a payload of opcode `0x00` or `0x01`, at least one, as windows into it: the payload belongs
 * to the applier, and decoding a command copies what it keeps.
 */
export function decodeCommands(payload: Uint8Array): readonly Uint8Array[] {
  return decodeAll('ENTRY_MALFORMED', payload, readCommands);
}

function single(command: Uint8Array): Uint8Array {
  const payload = new Uint8Array(1 + command.length);
  payload[0] = OPCODES.command;
  payload.set(command, 1);
  return payload;
}

function readCommands(reader: ByteReader): readonly Uint8Array[] {
  const opcode = reader.u8('opcode');
  if (opcode === OPCODES.command) return [reader.view(reader.remaining, 'command')];
  if (opcode !== OPCODES.commandBatch)
    throw new DecodeFault('opcode', `is ${opcode}, which carries no command`);
  const count = readCount(reader, 4, 'count');
  if (count < 2) throw new DecodeFault('count', `is ${count}, a batch has at least two`);
  const commands: Uint8Array[] = [];
  for (let at = 0; at < count; at++) commands.push(reader.view(reader.u32('length'), 'command'));
  return commands;
}
