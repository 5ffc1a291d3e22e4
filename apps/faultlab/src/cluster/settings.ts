import { invariant } from '@caisson/base';
import type { Plugin } from '@caisson/contracts';

/** A section of the configuration as the program takes it: with whatever is not said filled in. */
export function settingsOf<C>({ config }: Plugin<C>, section: object): C {
  const result = config!['~standard'].validate(section);
  const isGood = !(result instanceof Promise) && result.issues === undefined;
  invariant('LAB-10', isGood, 'a machine is given settings that the program would refuse');
  return result.value;
}
