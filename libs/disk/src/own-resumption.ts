import { setTimeout as sleep } from 'node:timers/promises';
import { isCaissonError } from '@caisson/contracts';

/** RocksDB tries to resume at once, and then again after each of these. */
const CYCLE_MS = 5_000;
/** How far a close keeps away from a try, before and after. */
const MARGIN_MS = 1_000;
/** How often somebody looks who is not told. */
const LOOK_MS = 250;

/**
 * When RocksDB may be trying to resume after the disk was full.
 *
 * It tries in a thread of its own, and a close that begins while a try runs can wait for ever: the try ends
 * without waking it (RocksDB 6.17, `ErrorHandler::RecoverFromBGError`). There is no way to ask for its state
 * or to turn it off through the binding, so a close chooses a moment between two tries.
 */
export class OwnResumption {
  #fullAtMs: number | undefined;

  /** Takes note of a failure when it is a full disk. */
  noticed(error: unknown): void {
    if (isCaissonError(error, 'DISK_FULL')) this.#fullAtMs ??= performance.now();
  }

  /** Settles between two tries: at once where the disk was never full, else within two seconds. */
  async pause(): Promise<void> {
    if (this.#fullAtMs === undefined) return;
    const waitMs = untilBetweenTries((performance.now() - this.#fullAtMs) % CYCLE_MS);
    if (waitMs > 0) await sleep(waitMs);
  }
}

function untilBetweenTries(sinceTryMs: number): number {
  if (sinceTryMs < MARGIN_MS) return MARGIN_MS - sinceTryMs;
  return sinceTryMs > CYCLE_MS - MARGIN_MS ? CYCLE_MS + MARGIN_MS - sinceTryMs : 0;
}

/** Of what the database does in threads of its own it says nothing: whoever wants to know looks again. */
export async function lookAgainUntil(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(LOOK_MS);
}
