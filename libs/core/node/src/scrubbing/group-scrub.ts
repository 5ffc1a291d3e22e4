import {
  CaissonError,
  type Clock,
  type GroupEncryption,
  isCaissonError,
  type Logger,
  type RaftLog,
} from '@caisson/contracts';
import { putAppliedIndex } from '../applying/applied-rows.js';
import { untilAborted } from '../proposals/abandon.js';
import type { AppliedPosition } from '../reading/applied-position.js';
import type { WriterQueue } from '../writing/writer-queue.js';
import type { ScrubWork } from './scrub-orders.js';

export interface GroupScrubParts {
  readonly log: RaftLog;
  readonly encryption: Pick<GroupEncryption, 'store' | 'scrub'>;
  readonly writer: WriterQueue;
  readonly position: AppliedPosition;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly logger: Logger;
  /** Why nothing may be written any more. */
  refusal(): CaissonError | undefined;
  /** Shortens the log through `index` at the next occasion; others may hold it off. */
  shorten(index: number): Promise<void>;
  /** Removes what is kept of states that were received. False while one is being received. */
  tidy?(): Promise<boolean>;
}

/** Somebody is being fed from what is to be dropped, or the store just changed: looked at again then. */
const AGAIN_MS = 250;

/**
 * Frees the files of a group on this node from what they held once: entries up to an index leave the log,
 * then its files; values that were replaced leave the files of the store.
 *
 * Nothing else waits for it, and a crash at any moment costs what was done so far and nothing else.
 */
export function groupScrub(parts: GroupScrubParts): ScrubWork {
  return async ({ through }, onStage, signal) => {
    if (!parts.encryption.store.durable) {
      const problem = 'the store is not durable, so the log keeps all of its entries';
      throw new CaissonError('UNIMPLEMENTED', { operation: 'scrub', problem });
    }
    await untilAborted(parts.position.reach(through), signal);
    onStage('log');
    await shortenThrough(parts, through, signal);
    await untilAborted(Promise.resolve(parts.log.scrub?.()), signal);
    while ((await parts.tidy?.()) === false) await parts.clock.sleep(AGAIN_MS, signal);
    onStage('store');
    await scrubStore(parts, signal);
    parts.logger.log('info', 'freed the files from what they held once', { logStart: parts.log.start.index });
  };
}

async function shortenThrough(
  { clock, log, shorten }: GroupScrubParts,
  through: number,
  signal: AbortSignal,
): Promise<void> {
  while (log.start.index < through) {
    await untilAborted(shorten(through), signal);
    if (log.start.index < through) await clock.sleep(AGAIN_MS, signal);
  }
}

/** A store that is replaced by a received one closes meanwhile; the new one has files as well. */
async function scrubStore(parts: GroupScrubParts, signal: AbortSignal): Promise<void> {
  const { clock, encryption } = parts;
  for (;;) {
    const refusal = parts.refusal();
    if (refusal !== undefined) throw refusal;
    try {
      await settle(parts);
      return await untilAborted(Promise.resolve(encryption.scrub?.(signal)), signal);
    } catch (error) {
      if (!isCaissonError(error, 'STORE_CLOSED')) throw error;
      await clock.sleep(AGAIN_MS, signal);
    }
  }
}

/** Every store has something to merge then, down to where the oldest of its rows are. */
async function settle({ encryption, position, writer }: GroupScrubParts): Promise<void> {
  await writer.run(async () => {
    const batch = encryption.store.batch();
    putAppliedIndex(batch, position.value);
    await batch.write({ sync: true });
  });
}
