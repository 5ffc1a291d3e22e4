import {
  CaissonError,
  type Clock,
  isCaissonError,
  type Logger,
  type ReplicationEngine,
  toCaissonError,
} from '@caisson/contracts';
import { takeCensus, valuesUnder } from '../census/census.js';
import type { GroupSession } from '../node/group-session.js';
import type { NodeEncryption } from '../node/node-encryption.js';
import type { Rewrite } from './rewrite.js';

export interface RetiredKeysParts {
  readonly node: NodeEncryption;
  readonly engine: Pick<ReplicationEngine, 'groups' | 'group'>;
  readonly rewrite: Rewrite;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Erases the bytes of retired keys on this node, each once nothing here is under it any more. What is left is
 * rewritten first. Looks whenever a key state changes, and at the start.
 */
export class RetiredKeys {
  readonly #parts: RetiredKeysParts;
  readonly #leaving = new AbortController();
  #watch: Promise<void> | undefined;

  constructor(parts: RetiredKeysParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#watch = this.#run().catch((thrown: unknown) => {
      if (this.#leaving.signal.aborted) return;
      const error = toCaissonError(thrown);
      this.#parts.logger.log('error', 'a retired key is not erased', { error });
    });
  }

  async stop(): Promise<void> {
    this.#leaving.abort(new CaissonError('DRAINING'));
    // The watch may be waiting for it.
    await this.#parts.rewrite.stop();
    await this.#watch;
  }

  /** One look at every retired key. Resolves with those that were erased. */
  async sweep(signal?: AbortSignal): Promise<readonly number[]> {
    const erased: number[] = [];
    for (const [keyId, key] of this.#parts.node.keys.book.content?.keys ?? []) {
      if (key.state !== 'retired' || !this.#isRetiredEverywhere(keyId)) continue;
      if (key.purpose === 'storage' && (await this.#isReferred(keyId, signal))) continue;
      await this.#erase(keyId, signal);
      erased.push(keyId);
    }
    return erased;
  }

  async #run(): Promise<void> {
    const { signal } = this.#leaving;
    const left = new Promise<void>((resolve) =>
      signal.addEventListener('abort', () => resolve(), { once: true }),
    );
    while (!signal.aborted) {
      const changes = this.#sessions.map(({ state }) => state.changed());
      await this.#settle(signal);
      await Promise.race([...changes, left]);
    }
  }

  /** What refers to a retired key after all is rewritten; a value that cannot be is left with its key. */
  async #settle(signal: AbortSignal): Promise<void> {
    try {
      await this.sweep(signal);
      if (!this.#hasLeft || signal.aborted) return;
      this.#parts.rewrite.start();
      await this.#parts.rewrite.ended();
      await this.sweep(signal);
    } catch (error) {
      // A group that halts or a store that is replaced: the next change is the next occasion.
      if (!isCaissonError(error)) throw error;
      this.#parts.logger.log('warn', 'a retired key is not erased yet', { error });
    }
  }

  get #hasLeft(): boolean {
    const keys = this.#parts.node.keys.book.content?.keys ?? [];
    return [...keys].some(([keyId, { state }]) => state === 'retired' && this.#isRetiredEverywhere(keyId));
  }

  get #sessions(): readonly GroupSession[] {
    return this.#parts.engine.groups.map((id) => this.#parts.node.session(id));
  }

  /** Groups retire a key one after the other, and one that is not open may still need it. */
  #isRetiredEverywhere(keyId: number): boolean {
    const recorded = [...(this.#parts.node.keys.book.content?.groups.keys() ?? [])];
    const isOpen = recorded.every((id) => this.#parts.engine.groups.includes(id));
    return isOpen && this.#sessions.every(({ state }) => state.current.keys.retiredIds.includes(keyId));
  }

  async #isReferred(keyId: number, signal?: AbortSignal): Promise<boolean> {
    for (const session of this.#sessions) {
      const census = await takeCensus(session, this.#parts.clock, signal);
      if (valuesUnder(census, keyId) > 0 || census.unreadable > 0) return true;
    }
    return false;
  }

  /** The store first: a batch that a loss of power takes back must not bring back a value under the key. */
  async #erase(keyId: number, signal?: AbortSignal): Promise<void> {
    const { node, engine, logger } = this.#parts;
    for (const session of this.#sessions) {
      let isSettled = false;
      await engine.group(session.id).maintain(async () => {
        await session.settle();
        isSettled = true;
        return { more: false };
      }, signal);
      if (!isSettled) throw signal?.reason ?? new CaissonError('CANCELLED', { keyId });
    }
    await node.keys.erase(keyId);
    logger.log('info', 'the bytes of a retired key are erased here', { keyId });
  }
}
