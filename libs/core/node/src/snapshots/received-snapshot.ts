import type { IncomingState, RaftLog } from '@caisson/contracts';
import { decodeMembership, type Membership, type SnapshotHeader } from '@caisson/formats';
import type { SnapshotPoint, VerifiedSnapshot } from '../consensus/snapshot-ports.js';
import type { Installation } from './installation.js';

/** A verified stream, in its store beside the one in use, until it is decided what becomes of it. */
export class ReceivedSnapshot implements VerifiedSnapshot {
  readonly point: SnapshotPoint;
  readonly membership: Membership;
  readonly #state: IncomingState;
  readonly #installation: Installation;
  #isDecided = false;

  constructor(header: SnapshotHeader, state: IncomingState, installation: Installation) {
    this.point = { index: header.index, term: header.term };
    this.membership = decodeMembership(header.membership);
    this.#state = state;
    this.#installation = installation;
  }

  async install(
    log: RaftLog,
    { term, vote }: { readonly term: number; readonly vote: bigint },
  ): Promise<void> {
    this.#isDecided = true;
    const intent = { ...this.point, currentTerm: Math.max(term, this.point.term), vote };
    await this.#installation.decide(intent);
    await this.#installation.carryOut(intent, log, () => this.#state.adopt());
  }

  async discard(): Promise<void> {
    if (this.#isDecided) return;
    this.#isDecided = true;
    await this.#state.discard();
    await this.#installation.tidy();
  }
}
