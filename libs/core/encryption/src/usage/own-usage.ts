import { createDeferred, type Deferred } from '@caisson/base';
import type { KeyUsage, UsageClaim } from '@caisson/formats';
import { blocksOf } from './usage-limits.js';

/** What this process counts under one key. */
export interface UsageCounter {
  /** Called for each message, before it is sealed. */
  add(bytes: number): void;
}

/**
 * What this node has sealed under each key, going on from what is claimed for it in the store.
 *
 * A node claims ahead of its use, so that a process that is killed has never sealed more than the cluster
 * knows of, give or take what it seals while a claim is on its way.
 */
export class OwnUsage {
  readonly #counts = new Map<number, UsageCount>();
  #exceeded: Deferred<void> | undefined;

  counter(keyId: number): UsageCounter {
    return this.#count(keyId);
  }

  /** Every key that was used or claimed in this process, ascending. */
  get all(): readonly UsageClaim[] {
    return [...this.#counts]
      .map(([dekId, { messages, blocks }]) => ({ dekId, messages, blocks }))
      .sort((a, b) => a.dekId - b.dekId);
  }

  /** A claim of this node as it stands in a store. What was claimed before this process counts as used. */
  claimed(keyId: number, claim: KeyUsage): void {
    const count = this.#count(keyId);
    if (!count.isUsed) {
      count.messages = Math.max(count.messages, claim.messages);
      count.blocks = Math.max(count.blocks, claim.blocks);
    }
    count.claimed = Math.max(count.claimed, claim.blocks);
  }

  /** Keys of which more is used than claimed. */
  get unclaimed(): readonly UsageClaim[] {
    return this.all.filter(({ dekId }) => this.#count(dekId).isExceeded);
  }

  /** Resolves when a key is used beyond its claim, at once where one is. */
  exceeded(): Promise<void> {
    if (this.unclaimed.length > 0) return Promise.resolve();
    this.#exceeded ??= createDeferred<void>();
    return this.#exceeded.promise;
  }

  forget(keyId: number): void {
    this.#counts.delete(keyId);
  }

  #count(keyId: number): UsageCount {
    const known = this.#counts.get(keyId);
    if (known !== undefined) return known;
    const count = new UsageCount(() => {
      this.#exceeded?.resolve();
      this.#exceeded = undefined;
    });
    this.#counts.set(keyId, count);
    return count;
  }
}

class UsageCount implements UsageCounter {
  messages = 0;
  blocks = 0;
  claimed = 0;
  isUsed = false;
  readonly #onExceeded: () => void;

  constructor(onExceeded: () => void) {
    this.#onExceeded = onExceeded;
  }

  get isExceeded(): boolean {
    return this.blocks > this.claimed;
  }

  add(bytes: number): void {
    this.isUsed = true;
    this.messages++;
    this.blocks += blocksOf(bytes);
    if (this.isExceeded) this.#onExceeded();
  }
}
