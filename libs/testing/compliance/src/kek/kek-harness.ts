import { type KekProvider, Secret, type WrapContext } from '@caisson/contracts';
import type { Harness, Need } from '../case.js';

/** What the KEK kit works on. */
export interface KekHarness extends Harness {
  readonly provider: KekProvider;
  /** The same kind of provider over another key. */
  readonly foreign?: KekProvider;
  /** Takes the key away, as a revocation does: it can no longer be used. */
  disable?(): Promise<void> | void;
  /**
   * For local keys that are read at the start and held by design: taking them away counts from the next
   * start.
   */
  readonly heldUntilStop?: boolean;
  /**
   * Secrets behind the provider (the key, a token), where the harness knows them: searched for in what it
   * says.
   */
  readonly material?: readonly Uint8Array[];
}

export const FOREIGN: Need<KekHarness> = {
  id: 'foreign',
  what: 'a second provider of the kind, over another key',
  isMet: ({ foreign }) => foreign !== undefined,
};

export const DISABLE: Need<KekHarness> = {
  id: 'disable',
  what: 'a harness that can take the key away',
  isMet: ({ disable }) => disable !== undefined,
};

export const REVOCATION: Need<KekHarness> = {
  id: 'revocation',
  what: 'a key that can be taken away while it is in use',
  isMet: ({ disable, heldUntilStop }) => disable !== undefined && heldUntilStop !== true,
};

const DEK_BYTES = 32;
const ORIGIN_BYTES = 16;

/** A recognisable data key; a fresh `Secret` on every call. */
export function dek(number = 1): Secret {
  return new Secret(Uint8Array.from({ length: DEK_BYTES }, (_, at) => 0xa0 + number * 17 + at * 5));
}

export const CONTEXT: WrapContext = {
  originId: Uint8Array.from({ length: ORIGIN_BYTES }, (_, at) => at + 1),
  keyId: 0x0102_0304,
  purpose: 1,
};
