import type { RuleId } from '../oracles/rules.js';

/** Something that must not be, seen in the middle of a run. */
export class Broken extends Error {
  override readonly name = 'Broken';

  constructor(
    readonly rule: RuleId,
    text: string,
  ) {
    super(text);
  }
}
