import {
  type Clock,
  type Faults,
  isCaissonError,
  type Logger,
  type Random,
  type ReplicatedGroup,
  type ReplicationEngine,
  toCaissonError,
} from '@caisson/contracts';
import { encodeUsageReport } from '@caisson/formats';
import { pauseMs } from '../keys/patience.js';
import type { NodeEncryption } from '../node/node-encryption.js';
import type { OwnUsage } from './own-usage.js';
import { claimBlocks } from './usage-limits.js';

export interface UsageReportsParts {
  readonly node: NodeEncryption;
  readonly engine: ReplicationEngine;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly random: Random;
  readonly logger: Logger;
  readonly faults: Pick<Faults, 'fatal'>;
}

/** Users do not wait for claims, so there is no haste. */
const SHORTEST_PAUSE = 3;

/**
 * Lets the cluster know how much this node seals under each key.
 *
 * A replicated row for each key and node, rather than a question to every member: it needs no answer from
 * members that are away or removed, a new leader has it at once, snapshots carry it, and a node finds its own
 * count again when it starts. The price is one small entry each time a node has used up what it claimed.
 */
export class UsageReports {
  readonly #parts: UsageReportsParts;
  readonly #leaving = new AbortController();

  constructor(parts: UsageReportsParts) {
    this.#parts = parts;
  }

  /** Groups are open by now. */
  start(): void {
    if (!this.#parts.node.enabled) return;
    void this.#follow().catch((error: unknown) => {
      if (!this.#leaving.signal.aborted) this.#parts.faults.fatal(toCaissonError(error));
    });
  }

  stop(): void {
    this.#leaving.abort();
  }

  async #follow(): Promise<void> {
    const { clock, engine, random } = this.#parts;
    const { signal } = this.#leaving;
    const left = new Promise<void>((resolve) =>
      signal.addEventListener('abort', () => resolve(), { once: true }),
    );
    for (let failures = 0; ; ) {
      await Promise.race([this.#usage.exceeded(), left]);
      if (signal.aborted) return;
      const told = await Promise.all(engine.groups.map((id) => this.#report(engine.group(id))));
      failures = told.every(Boolean) ? 0 : failures + 1;
      await clock.sleep(pauseMs(SHORTEST_PAUSE + failures, random), signal);
    }
  }

  get #usage(): OwnUsage {
    return this.#parts.node.keys.seals.usage;
  }

  /** Whether nothing is left to be told in the group. */
  async #report(group: ReplicatedGroup): Promise<boolean> {
    const { node, logger } = this.#parts;
    const { seals, limits } = node.keys;
    const { keys } = node.session(group.id).state.current;
    const ahead = claimBlocks(limits);
    const claims = this.#usage.unclaimed
      .filter(({ dekId }) => keys.keys.some(({ keyId }) => keyId === dekId))
      .map(({ dekId, messages, blocks }) => ({
        dekId,
        // As many messages ahead as the blocks ahead are likely to be.
        messages: messages + Math.ceil((messages * ahead) / blocks),
        blocks: blocks + ahead,
      }));
    if (claims.length === 0) return true;
    const payload = encodeUsageReport({ fullNodeId: seals.fullNodeId, keys: claims });
    try {
      const options = { source: 'system' as const, signal: this.#leaving.signal };
      const { outcome } = await group.propose(payload, options);
      return outcome.kind !== 'refused';
    } catch (error) {
      if (!isCaissonError(error)) throw error;
      logger.log('debug', 'a claim to use more of a key is not applied yet', { group: group.id, error });
      return false;
    }
  }
}
