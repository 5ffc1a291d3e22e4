import { isGap } from '../log/storage.js';
import type { Entry, NodeId } from '../message/entry.js';
import type { Message } from '../message/message.js';
import type { ConfState, HardState } from '../message/state.js';
import type { Raft } from '../node/raft.js';
import { type LogImage, lastIndexOf } from './sim-disk.js';
import { uphold } from './violation.js';

/** A number that two payloads share only by bad luck. */
export function fingerprint({ type, data }: Entry): number {
  let hash = type.length;
  for (const byte of data) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

interface Seen {
  readonly fingerprint: number;
  readonly previousTerm: number | undefined;
}

/**
 * What must hold across all nodes, incarnations and time:
 *
 * R1 one leader per term · R2 same index and term, same entry and same predecessor · R3 one payload per
 * applied index, and every leader has everything committed before · R8 terms, votes, commit and applied
 * indexes never go back on a disk, and nothing is promised that is not durable · R11 memberships follow one
 * history in which every two neighbours share a member in any two quorums · READ a read covers everything
 * committed before it was asked.
 */
export class Safety {
  #leaders = new Map<number, NodeId>();
  #entries = new Map<string, Seen>();
  #applied = new Map<number, { term: number; fingerprint: number }>();
  #committedTerms = new Map<number, number>();
  #memberships = new Map<number, string>();
  #committed = 0;

  /** The highest index any node has ever known to be committed. */
  get committed(): number {
    return this.#committed;
  }

  observe(raft: Raft): void {
    this.#observeCommit(raft);
    if (raft.role !== 'StateLeader') return;
    const known = this.#leaders.get(raft.term);
    uphold(
      'R1',
      known === undefined || known === raft.id,
      () => `${known} and ${raft.id} lead term ${raft.term}`,
    );
    if (known === undefined) this.#observeElection(raft);
  }

  #observeElection(raft: Raft): void {
    this.#leaders.set(raft.term, raft.id);
    for (const [index, term] of this.#committedTerms) {
      const own = raft.log.term(index);
      const isHeld = own === 'compacted' || own === term;
      uphold(
        'R3',
        isHeld,
        () => `leader ${raft.id} of term ${raft.term} lacks committed entry ${term}/${index}`,
      );
    }
  }

  #observeCommit({ id, log }: Raft): void {
    const { committed } = log;
    // A little below the commit index too, for nodes that were told late.
    const from = Math.min(this.#committed + 1, committed);
    for (let index = Math.max(1, from); index <= committed; index++) {
      const term = log.term(index);
      if (isGap(term)) continue;
      const known = this.#committedTerms.get(index) ?? term;
      uphold(
        'R3',
        known === term,
        () => `${id} commits ${term}/${index} where ${known}/${index} was committed`,
      );
      this.#committedTerms.set(index, term);
    }
    this.#committed = Math.max(this.#committed, committed);
  }

  observeWrite(before: LogImage, after: LogImage, entries: readonly Entry[]): void {
    this.#observeHardState(before.hardState, after.hardState);
    const terms = new Map(after.entries.map(({ index, term }) => [index, term]));
    terms.set(after.base.index, after.base.term);
    for (const entry of entries) {
      const key = `${entry.term}/${entry.index}`;
      const now: Seen = { fingerprint: fingerprint(entry), previousTerm: terms.get(entry.index - 1) };
      const known = this.#entries.get(key) ?? now;
      uphold('R2', known.fingerprint === now.fingerprint, () => `two entries ${key} differ`);
      uphold('R2', known.previousTerm === now.previousTerm, () => `two entries ${key} follow different ones`);
      this.#entries.set(key, known);
    }
  }

  #observeHardState(before: HardState, after: HardState): void {
    uphold('R8', after.term >= before.term, () => `term went back from ${before.term} to ${after.term}`);
    const keepsVote = after.term > before.term || before.vote === 0 || after.vote === before.vote;
    uphold('R8', keepsVote, () => `vote of term ${before.term} changed from ${before.vote} to ${after.vote}`);
    uphold(
      'R8',
      after.commit >= before.commit,
      () => `commit went back from ${before.commit} to ${after.commit}`,
    );
  }

  /** A promise is sent: what it promises must already survive a crash. */
  observeSend(message: Message, { hardState, ...log }: LogImage): void {
    const { type, from, to, term, index } = message;
    if (message.reject || from === to) return;
    const isCurrent = hardState.term === term;
    if (type === 'MsgVoteResp') {
      const isKept = hardState.term > term || (isCurrent && hardState.vote === to);
      uphold('R8', isKept, () => `${from} votes for ${to} in term ${term} without a record`);
    }
    if (type === 'MsgAppResp') {
      const isKept = hardState.term > term || (isCurrent && lastIndexOf({ hardState, ...log }) >= index);
      uphold('R8', isKept, () => `${from} acknowledges ${index} to ${to} without a record`);
    }
  }

  observeApply(id: NodeId, entry: Entry): void {
    const now = { term: entry.term, fingerprint: fingerprint(entry) };
    const known = this.#applied.get(entry.index) ?? now;
    const isSame = known.term === now.term && known.fingerprint === now.fingerprint;
    uphold('R3', isSame, () => `${id} applies another entry at ${entry.index}`);
    this.#applied.set(entry.index, known);
  }

  /** The membership in force after `index`; `before` is the one it replaced. */
  observeMembership(index: number, before: ConfState, after: ConfState): void {
    const text = JSON.stringify(after);
    const known = this.#memberships.get(index) ?? text;
    uphold('R11', known === text, () => `two memberships after ${index}: ${known} and ${text}`);
    this.#memberships.set(index, text);
    const isSafe = quorumsMeet(before, after);
    uphold('R11', isSafe, () => `disjoint quorums at ${index}: ${JSON.stringify(before)} and ${text}`);
  }

  observeRead(asked: number, answered: number): void {
    uphold(
      'READ',
      answered >= asked,
      () => `a read was answered with ${answered} when ${asked} was committed`,
    );
  }
}

/** Whether any quorum of the one and any quorum of the other have a member in common. */
export function quorumsMeet(left: ConfState, right: ConfState): boolean {
  const members = [...new Set([...votersOf(left), ...votersOf(right)])];
  for (let chosen = 0; chosen < 2 ** members.length; chosen++) {
    const ids = new Set(members.filter((_, at) => Math.floor(chosen / 2 ** at) % 2 === 1));
    const others = new Set(members.filter((id) => !ids.has(id)));
    if (isQuorum(left, ids) && isQuorum(right, others)) return false;
  }
  return true;
}

const votersOf = ({ voters, votersOutgoing }: ConfState): NodeId[] => [...voters, ...votersOutgoing];

function isQuorum({ voters, votersOutgoing }: ConfState, ids: ReadonlySet<NodeId>): boolean {
  const hasMajority = (half: readonly NodeId[]): boolean =>
    half.filter((id) => ids.has(id)).length * 2 > half.length;
  return hasMajority(voters) && (votersOutgoing.length === 0 || hasMajority(votersOutgoing));
}
