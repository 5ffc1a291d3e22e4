import { invariant } from '@caisson/base';
import { CaissonError, type Hashes } from '@caisson/contracts';
import { type KeyState, keyStateMacInput } from '@caisson/formats';
import { recordMac } from '../keys/authentication.js';
import type { Keystore } from '../keys/keystore.js';

export interface KeyStateAuthority {
  readonly hashes: Hashes;
  readonly keystore: Keystore;
  readonly clusterId: Uint8Array;
}

/** The state with its MAC. Its storage DEK must be held. */
export function authenticate(state: Omit<KeyState, 'mac'>, authority: KeyStateAuthority): KeyState {
  const held = authority.keystore.find(state.macKeyId, 'storage');
  invariant('ENC-2', held !== undefined, 'a key state is authenticated under a DEK that is not held');
  const { hashes, clusterId } = authority;
  return {
    ...state,
    mac: recordMac({ hashes, clusterId, dek: held.dek }, 'keyState', keyStateMacInput(state)),
  };
}

/** `CORRUPTION` for a state whose MAC is not right: an edited row, or one of another cluster. */
export function verifyKeyState(state: KeyState, authority: KeyStateAuthority, group: number): void {
  const { hashes, clusterId, keystore } = authority;
  const held = keystore.find(state.macKeyId, 'storage');
  const expected =
    held && recordMac({ hashes, clusterId, dek: held.dek }, 'keyState', keyStateMacInput(state));
  if (expected === undefined || !hashes.equal(expected, state.mac)) {
    throw new CaissonError('CORRUPTION', { row: 'key-state', group, field: 'mac' });
  }
}
