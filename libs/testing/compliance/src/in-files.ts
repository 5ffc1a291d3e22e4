import { equalBytes } from '@caisson/base';

/** How many of `wanted` stand somewhere in the files as they are. */
export function countInFiles(files: readonly Uint8Array[], wanted: readonly Uint8Array[]): number {
  return wanted.filter((bytes) => files.some((file) => contains(file, bytes))).length;
}

function contains(file: Uint8Array, bytes: Uint8Array): boolean {
  for (let at = file.indexOf(bytes[0]!); at >= 0; at = file.indexOf(bytes[0]!, at + 1)) {
    if (equalBytes(file.subarray(at, at + bytes.length), bytes)) return true;
  }
  return false;
}
