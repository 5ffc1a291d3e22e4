import { CaissonError, toCaissonError } from '@caisson/contracts';
import { untilAborted } from '../proposals/abandon.js';
import { failureOf } from './core-failure.js';
import { drainingError, type GroupCondition } from './group-condition.js';
import type { GroupMachinery } from './group-machinery.js';
import type { GroupParts } from './group-parts.js';

/** The end of a group on this node, in order or not. */
export class GroupEnding {
  readonly #parts: GroupParts;
  readonly #machinery: GroupMachinery;
  readonly #condition: GroupCondition;

  constructor(parts: GroupParts, machinery: GroupMachinery, condition: GroupCondition) {
    this.#parts = parts;
    this.#machinery = machinery;
    this.#condition = condition;
  }

  /** Hands leadership over if somebody can take it, refuses new proposals, and finishes the others. */
  async drain(signal?: AbortSignal): Promise<void> {
    const { leadership, loop, queue, transfer } = this.#machinery;
    const successor = leadership.isLeader && loop.halted === undefined ? transfer.best() : undefined;
    if (successor !== undefined) await this.#handOver(successor, signal);
    this.#condition.isDraining = true;
    await untilAborted(queue.idle(), signal).catch(() => undefined);
  }

  /** Lets the append and the batch under way finish, tells everybody else, and closes store and log. */
  async stop(): Promise<void> {
    this.#condition.isDraining = true;
    const { answers, appendThread, driver, loop, metrics, scrubs, sender, writer } = this.#machinery;
    sender?.abort();
    this.#machinery.values.end();
    await scrubs.stop();
    await appendThread.stop().catch(() => undefined);
    driver.stop();
    this.refuse(drainingError());
    await loop.stop();
    const problem = 'the node stopped before it was applied';
    metrics.proposed('failed', answers.failAll(new CaissonError('UNKNOWN_OUTCOME', { problem })));
    // A slice under way finishes; none starts on a store that is being closed.
    this.#condition.isStopped = true;
    await this.#parts.snapshots?.close();
    await writer.run(() => Promise.resolve());
    try {
      await this.#parts.encryption.close();
    } finally {
      await this.#parts.log.close();
    }
  }

  /** An entry could not be applied. Without this node the others may go on. */
  halt(error: CaissonError): void {
    this.#machinery.driver.stop();
    this.#machinery.sender?.abort();
    this.refuse(error);
  }

  /** Log or core failed: nobody knows what is on disk, so nothing more is said or done. */
  fail(cause: unknown): void {
    const error = failureOf(cause, this.#parts.id);
    this.#condition.failure = error;
    const { answers, driver, metrics, sender } = this.#machinery;
    driver.stop();
    sender?.abort();
    const unknown = new CaissonError('UNKNOWN_OUTCOME', { problem: 'the log append failed' }, { cause });
    metrics.proposed('failed', answers.failAll(unknown));
    this.refuse(drainingError(error));
    this.#parts.services.logger.log('error', 'the group failed', { error });
    this.#parts.faults.fatal(error);
  }

  /** Whoever waits for something that will not come. */
  refuse(error: CaissonError): void {
    const { compaction, proposals, reads, transfer } = this.#machinery;
    proposals.refuse(error);
    reads.fail(error);
    transfer.fail(error);
    compaction.fail(error);
  }

  async #handOver(successor: string, signal: AbortSignal | undefined): Promise<void> {
    const { clock, logger } = this.#parts.services;
    const limit = new AbortController();
    const endLimit = clock.after(this.#parts.options.waits.handoverMs, () => limit.abort());
    const handedOver = untilAborted(this.#machinery.transfer.to(successor), limit.signal);
    await untilAborted(handedOver, signal).catch((error: unknown) => {
      logger.log('warn', 'nobody took over before the stop', { error: toCaissonError(error) });
    });
    endLimit();
  }
}
