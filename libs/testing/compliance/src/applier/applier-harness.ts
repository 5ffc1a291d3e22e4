import type { Applier, Store } from '@caisson/contracts';
import type { Harness, Need } from '../case.js';

/** One entry of the script, and what it must come to. */
export interface ScriptStep {
  /** From the opcode on. */
  readonly payload: Uint8Array;
  readonly expect: 'applied' | 'refused';
}

/**
 * What the applier kit works on. The script is its author's: entries worth applying, later ones building on
 * earlier.
 */
export interface ApplierHarness extends Harness {
  /** A fresh applier, as another replica would create it; it shares nothing with the ones before. */
  applier(): Promise<Applier> | Applier;
  /** A store in the state in which the script begins: every call alike, none sharing with another. */
  store(): Promise<Store>;
  readonly script: readonly ScriptStep[];
  /** Payloads under the applier's opcodes that cannot be decoded. */
  readonly malformed: readonly Uint8Array[];
}

export const REFUSAL: Need<ApplierHarness> = {
  id: 'refusal',
  what: 'a script with an entry that is refused',
  isMet: ({ script }) => script.some(({ expect }) => expect === 'refused'),
};

export const MALFORMED: Need<ApplierHarness> = {
  id: 'malformed',
  what: 'payloads that cannot be decoded',
  isMet: ({ malformed }) => malformed.length > 0,
};
