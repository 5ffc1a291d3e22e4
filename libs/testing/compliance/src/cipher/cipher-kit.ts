import type { Kit } from '../case.js';
import type { CipherHarness } from './cipher-harness.js';
import { forgeryCases } from './forgery-cases.js';
import { sealingCases } from './sealing-cases.js';

/**
 * What every AEAD suite promises. Whether it is a good cipher no kit can tell; whether it is wired right,
 * this one can.
 */
export const cipherKit: Kit<CipherHarness> = {
  id: 'cipher',
  contract: 'Cipher',
  cases: [...sealingCases, ...forgeryCases],
};
