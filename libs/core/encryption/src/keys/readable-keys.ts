import { CaissonError } from '@caisson/contracts';
import type { KeyPurpose, KeyState } from '@caisson/formats';
import type { KeyFinder } from '../envelope/envelope-suite.js';
import type { HeldKey } from './keystore.js';

/**
 * The keys under which a group is read. A retired one opens what this node has left under it until its bytes
 * go; then it is named as retired, not as unknown.
 */
export class GroupKeys implements KeyFinder {
  readonly #held: KeyFinder;
  readonly #state: () => KeyState;

  constructor(held: KeyFinder, state: () => KeyState) {
    this.#held = held;
    this.#state = state;
  }

  find(keyId: number, purpose: KeyPurpose): HeldKey | undefined {
    const key = this.#held.find(keyId, purpose);
    if (key === undefined && this.#state().retiredIds.includes(keyId)) {
      throw new CaissonError('KEY_RETIRED', { keyId, state: 'retired' });
    }
    return key;
  }
}

/** Of those, what readers may use: a suspended key opens nothing for them. So its retirement is tried out. */
export class ReadableKeys implements KeyFinder {
  readonly #keys: KeyFinder;
  readonly #state: () => KeyState;

  constructor(keys: KeyFinder, state: () => KeyState) {
    this.#keys = keys;
    this.#state = state;
  }

  find(keyId: number, purpose: KeyPurpose): HeldKey | undefined {
    const record = this.#state().keys.find((key) => key.keyId === keyId);
    if (record?.state === 'suspended') throw new CaissonError('KEY_RETIRED', { keyId, state: 'suspended' });
    return this.#keys.find(keyId, purpose);
  }
}
