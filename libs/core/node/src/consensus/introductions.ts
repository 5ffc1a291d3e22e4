import { CaissonError, type Clock, type MemberAddresses, type RaftTransport } from '@caisson/contracts';
import { encodeIntroduction, fullNodeId, type Introduction } from '@caisson/formats';
import type { Members } from './members.js';

export interface IntroductionsParts {
  readonly group: number;
  readonly name: string;
  readonly members: Members;
  readonly transport: Pick<RaftTransport, 'ask'> | undefined;
  readonly addresses: MemberAddresses | undefined;
  readonly clock: Pick<Clock, 'after'>;
  /** How long one introduction may take, and how long it is before the next. */
  readonly limitMs: number;
}

/**
 * Makes this node known to members that refuse it: they were away when it was let in. Without this a node
 * that comes back could not follow a leader it has never heard of, and would never hear of it.
 */
export class Introductions {
  readonly #parts: IntroductionsParts;
  readonly #busy = new Set<bigint>();

  constructor(parts: IntroductionsParts) {
    this.#parts = parts;
  }

  /** A member takes nothing from this node. Perhaps it is down; perhaps it does not know this node. */
  unreachable(peer: bigint): void {
    const { addresses, clock, group, limitMs, members, name, transport } = this.#parts;
    const member = members.book.byFullId(peer);
    const isMember = members.book.byName(name) !== undefined;
    if (transport === undefined || addresses === undefined || member === undefined || !isMember) return;
    if (member.address === '' || this.#busy.has(peer)) return;
    this.#busy.add(peer);
    const limit = new AbortController();
    clock.after(limitMs, () => {
      this.#busy.delete(peer);
      limit.abort(new CaissonError('UNAVAILABLE', { peer: member.name }));
    });
    const { index } = members.book.row;
    const question = encodeIntroduction({ group, index, name, address: addresses.address });
    // A member that is down, or knows better, is no news here.
    transport.ask(member, question, limit.signal).catch(() => undefined);
  }

  /** A node introduces itself under the id it has proved. `PEER_REFUSED` where this one knows better. */
  meet(from: bigint, { address, index, name }: Introduction): void {
    const { members } = this.#parts;
    const isItself = fullNodeId(name) === from;
    if (!isItself || !members.meet({ id: from, name, address }, index)) {
      throw new CaissonError('PEER_REFUSED', { name, group: this.#parts.group });
    }
  }
}
