import { CaissonError } from '@caisson/contracts';
import type { KeyPurpose, KeyState } from '@caisson/formats';
import type { KeyFinder } from '../envelope/envelope-suite.js';
import type { HeldKey } from './keystore.js';

/**
 * The keys under which a group may be read. A suspended key is held and still opens nothing: that is how its
 * retirement is tried out. A retired one opens what this node has left under it, until its bytes go.
 */
export class ReadableKeys implements KeyFinder {
  readonly #held: KeyFinder;
  readonly #state: () => KeyState;

  constructor(held: KeyFinder, state: () => KeyState) {
    this.#held = held;
    this.#state = state;
  }

  find(keyId: number, purpose: KeyPurpose): HeldKey | undefined {
    const state = this.#state();
    const record = state.keys.find((key) => key.keyId === keyId);
    if (record?.state === 'suspended') throw new CaissonError('KEY_RETIRED', { keyId, state: 'suspended' });
    const key = this.#held.find(keyId, purpose);
    if (key === undefined && state.retiredIds.includes(keyId)) {
      throw new CaissonError('KEY_RETIRED', { keyId, state: 'retired' });
    }
    return key;
  }
}
