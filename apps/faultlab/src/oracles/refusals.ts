import { type DiskImage, fingerprintOf } from '@caisson/simulator';
import type { Machine } from '../cluster/machine.js';
import { epochsOn } from '../cluster/sidecar-epochs.js';
import type { Findings } from './findings.js';

/** What a start tries its disk with. A loss of power may have left it, and the next start takes it away. */
const PROBE = /\/durability-probe(\.tmp)?$/;

/**
 * A process that has just been started over keys that are not its own refuses, and leaves every byte of its
 * disk as it was. A disk without keys may be started with any.
 */
export function mustRefuseKeys({ disk, name, process }: Machine, findings: Findings): void {
  const before = disk.platter.image;
  const isKeyed = epochsOn(before).size > 0;
  findings.saw('E19', isKeyed && process !== undefined);
  if (!isKeyed || process === undefined) return;
  void process.ready.then(
    () => findings.add('E19', `${name} serves with keys that are not its own`),
    () => {
      const changed = changedPaths(before, disk.platter.image);
      if (changed.length === 0) return;
      findings.add('E19', `${name} refused to start, and changed ${changed.join(', ')}`);
    },
  );
}

function changedPaths(before: DiskImage, after: DiskImage): readonly string[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].filter((path) => !PROBE.test(path));
  const traceOf = (image: DiskImage, path: string) =>
    fingerprintOf(new Map([...image].filter(([each]) => each === path)));
  return paths.filter((path) => traceOf(before, path) !== traceOf(after, path));
}
