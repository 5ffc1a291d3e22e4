const TWO_32 = 0x1_0000_0000;

/** Big endian, without the cost of a bigint. */
export function putIndex(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32BE(Math.floor(value / TWO_32), at);
  bytes.writeUInt32BE(value % TWO_32, at + 4);
}

/** A value of 2^53 or more comes back as a number that is not a safe integer. */
export function indexAt(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * TWO_32 + bytes.readUInt32BE(at + 4);
}
