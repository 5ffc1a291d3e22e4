import { type DiskImage, fingerprintOf } from '@caisson/simulator';
import type { Machine } from '../cluster/machine.js';
import { epochsOn } from '../cluster/sidecar-epochs.js';
import type { Findings } from './findings.js';

/** What a start tries its disk with. A loss of power may have left it, and the next start takes it away. */
const PROBE = /\/durability-probe$/;

/**
 * A process that has just been started over keys that are not its own refuses, and leaves every byte of its
 * disk as it was. A disk without keys may be started with any.
 */
export function mustRefuseKeys({ disk, name, process }: Machine, findings: Findings): void {
  const before = traceOf(disk.platter.image);
  const isKeyed = epochsOn(disk.platter.image).size > 0;
  findings.saw('E19', isKeyed && process !== undefined);
  if (!isKeyed || process === undefined) return;
  void process.ready.then(
    () => findings.add('E19', `${name} serves with keys that are not its own`),
    () => {
      const isChanged = traceOf(disk.platter.image) !== before;
      if (isChanged) findings.add('E19', `${name} refused to start, and changed its disk`);
    },
  );
}

function traceOf(image: DiskImage): string {
  return fingerprintOf(new Map([...image].filter(([path]) => !PROBE.test(path))));
}
