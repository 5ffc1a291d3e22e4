import type { Kit } from '../case.js';
import { bindingCases } from './binding-cases.js';
import type { KekHarness } from './kek-harness.js';
import { keepingCases } from './keeping-cases.js';
import { wrappingCases } from './wrapping-cases.js';

/** What every home of a key-encryption key promises. */
export const kekKit: Kit<KekHarness> = {
  id: 'kek',
  contract: 'KekProvider',
  cases: [...wrappingCases, ...bindingCases, ...keepingCases],
};
