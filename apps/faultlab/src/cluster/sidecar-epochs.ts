import { isCaissonError } from '@caisson/contracts';
import { parseSidecar } from '@caisson/formats';
import type { DiskImage } from '@caisson/simulator';

const PATH = '/data/encryption/keys.json';

/** The last epochs that a disk has on record of its node, by key; none where there is no sidecar to read. */
export function epochsOn(image: DiskImage): ReadonlyMap<number, number> {
  const bytes = image.get(PATH);
  if (bytes === undefined) return new Map();
  try {
    return new Map([...parseSidecar(bytes).keys].map(([keyId, { localEpoch }]) => [keyId, localEpoch]));
  } catch (error) {
    if (!isCaissonError(error)) throw error;
    return new Map();
  }
}
