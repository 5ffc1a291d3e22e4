import type { Disk, Logger, RaftLog, StoredStates } from '@caisson/contracts';
import {
  decodeInstallIntent,
  encodeInstallIntent,
  INSTALL_INTENT_BYTES,
  type InstallIntent,
} from '@caisson/formats';
import { makeDurably, writeDurably } from './durable-files.js';
import { dropPieces } from './received-pieces.js';

const INTENT = 'install';

export interface InstallationParts {
  readonly group: number;
  readonly states: Pick<StoredStates, 'clear'>;
  readonly disk: Disk;
  /** The group's directory for snapshots. */
  readonly snapshots: string;
  readonly logger: Logger;
}

/**
 * Puts a snapshot in the place of everything, so that a crash anywhere leads to the old state or to the new
 * one. The intent decides: before it is durable nothing has happened, afterwards the rest will.
 */
export class Installation {
  readonly #parts: InstallationParts;

  constructor(parts: InstallationParts) {
    this.#parts = parts;
  }

  /** What was decided and is not known to be done. */
  async pending(): Promise<InstallIntent | undefined> {
    const bytes = await this.#parts.disk.read(this.#path, INSTALL_INTENT_BYTES);
    return bytes === undefined ? undefined : decodeInstallIntent(bytes);
  }

  async decide(intent: InstallIntent): Promise<void> {
    const { disk, snapshots } = this.#parts;
    await makeDurably(disk, snapshots);
    await writeDurably(disk, snapshots, INTENT, [encodeInstallIntent(intent)]);
  }

  /**
   * Carries out what was decided. Each step finds out whether it was done before, so that all of it can be
   * repeated; `adopt` brings the store, with its keys, into place.
   */
  async carryOut(intent: InstallIntent, log: RaftLog, adopt: () => Promise<void>): Promise<void> {
    await adopt();
    await resetLog(log, intent);
    const { disk, snapshots } = this.#parts;
    await disk.remove(this.#path);
    await disk.syncDirectory(snapshots);
    const { group, logger } = this.#parts;
    logger.log('info', 'installed a snapshot', { group, index: intent.index, term: intent.term });
    await this.tidy();
  }

  /** Removes what no decision stands behind, and what was replaced. */
  async tidy(): Promise<void> {
    const { disk, group, snapshots, states } = this.#parts;
    await states.clear(group);
    await dropPieces(disk, snapshots);
  }

  get #path(): string {
    const { disk, snapshots } = this.#parts;
    return disk.join(snapshots, INTENT);
  }
}

/** The node keeps what it promised: its vote, and the highest term it has seen. */
async function resetLog(log: RaftLog, intent: InstallIntent): Promise<void> {
  const { index, term, currentTerm, vote } = intent;
  if (log.start.index === index && log.start.term === term) return;
  await log.reset({ index, term }, { term: currentTerm, vote, commit: index });
}
