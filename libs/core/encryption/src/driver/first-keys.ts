import type { WrappedKey } from '@caisson/formats';
import type { GroupSession } from '../node/group-session.js';
import type { NodeEncryption } from '../node/node-encryption.js';
import { isBootstrapped } from '../state/group-state.js';
import { freshKeyId, newKey } from './new-keys.js';

export interface KeyPair {
  readonly storage: WrappedKey;
  readonly raft: WrappedKey;
}

/**
 * The pair with which groups begin. A cluster has one: a group takes the keys that another one has in use on
 * this node, and only the very first ones are made, once, however many groups ask at the same time.
 */
export class FirstKeys {
  readonly #node: NodeEncryption;
  #made: Promise<KeyPair> | undefined;

  constructor(node: NodeEncryption) {
    this.#node = node;
  }

  async of(session: GroupSession, signal?: AbortSignal): Promise<KeyPair> {
    const taken = this.#inUse(session);
    if (taken !== undefined) return taken;
    this.#made ??= this.#make(signal);
    try {
      return await this.#made;
    } catch (error) {
      this.#made = undefined;
      throw error;
    }
  }

  #inUse(session: GroupSession): KeyPair | undefined {
    const others = this.#node.sessions.filter((other) => other !== session);
    const keys = others.map(({ state }) => state.current).find(isBootstrapped)?.keys;
    if (keys === undefined) return undefined;
    const active = (keyId: number) => keys.keys.find((key) => key.keyId === keyId)!;
    return { storage: active(keys.activeStorage), raft: active(keys.activeRaft) };
  }

  async #make(signal: AbortSignal | undefined): Promise<KeyPair> {
    const storageId = freshKeyId(this.#node, []);
    const raftId = freshKeyId(this.#node, [storageId]);
    return {
      storage: await newKey(this.#node, storageId, 'storage', signal),
      raft: await newKey(this.#node, raftId, 'raft', signal),
    };
  }
}
