import { z } from 'zod';
import type { Draw, Family, Scene } from './family.js';

/** Node after node is stopped in good order and started with another version of what it writes. */
export const RollFault = z.strictObject({
  kind: z.literal('roll'),
  envelopeVersion: z.union([z.literal(1), z.literal(2)]),
  everyMs: z.number().int().min(1).max(10_000),
});
export type RollFault = z.infer<typeof RollFault>;

export const rollFamily: Family<RollFault> = {
  kinds: ['roll'],
  idOf: () => 'O11',
  isRelief: () => false,
  describe: ({ envelopeVersion, everyMs }) =>
    `every ${everyMs} ms a node is rolled to envelope version ${envelopeVersion}`,
  perform: ({ envelopeVersion, everyMs }, scene) => {
    const { cluster } = scene;
    // Under version 1 a disk that forgets its epochs repeats nonces, which is why there is another one.
    if (!cluster.isEncrypted || (envelopeVersion === 1 && cluster.damage.isAny)) return false;
    if (envelopeVersion === 1) cluster.wroteVersion1 = true;
    const names = cluster.machines.map(({ name }) => name);
    for (const [at, name] of names.entries())
      cluster.clock.after(at * everyMs, () => roll(name, envelopeVersion, scene));
    return true;
  },
};

/** One that does not run gets the version with its next start. */
function roll(name: string, version: 1 | 2, { cluster, doomed, start, tell, watch }: Scene): void {
  const machine = cluster.find(name);
  if (machine === undefined || cluster.isCalm) return;
  machine.equipment.envelopeVersion = version;
  const { process } = machine;
  if (process === undefined || !machine.takesOrders) return;
  doomed.delete(process.life);
  const rolled = machine.stop().then(() => {
    if (machine.process !== undefined || cluster.isCalm) return;
    tell(`${name} starts with envelope version ${version}`);
    start(machine);
  });
  watch(machine, 'roll', rolled);
}

export const ROLLS: readonly Draw[] = [
  {
    weight: 1,
    draw: (fate) => [
      { kind: 'roll', envelopeVersion: fate.integer(2) === 0 ? 1 : 2, everyMs: 50 + fate.logUniform(800) },
    ],
  },
];
