import { EMPTY_BYTES } from '@caisson/base';
import type { Hashes } from '@caisson/contracts';

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** What stands for one piece. Leaves and inner nodes are hashed apart: neither can pass for the other. */
export function pieceDigest(hashes: Hashes, piece: Uint8Array): Uint8Array {
  return hashes.sha256(LEAF, piece);
}

/** The root over all pieces, in order. A last one without a neighbour moves up as it is. */
export function digestRoot(hashes: Hashes, digests: readonly Uint8Array[]): Uint8Array {
  let level = digests;
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let at = 0; at < level.length; at += 2) {
      const right = level[at + 1];
      above.push(right === undefined ? level[at]! : hashes.sha256(NODE, level[at]!, right));
    }
    level = above;
  }
  return level[0] ?? hashes.sha256(EMPTY_BYTES);
}
