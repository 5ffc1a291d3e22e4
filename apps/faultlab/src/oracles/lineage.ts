import { crc32c } from '@caisson/base';
import { override } from '@caisson/compliance';
import type { HardState, LogEntry, RaftLog, RaftLogs } from '@caisson/contracts';
import { PROPOSAL_KIND } from '@caisson/formats';
import type { Findings } from './findings.js';

/** What one node's log was promised to hold. */
interface Promised {
  readonly hardState: HardState;
  last: number;
}

/**
 * What all logs hold, for all time: one index and term are the same bytes everywhere, and what a log took it
 * still has when it is opened again.
 */
export class Lineage {
  readonly #findings: Findings;
  readonly #bytes = new Map<string, number>();
  readonly #sealed = new Set<string>();
  readonly #promised = new Map<string, Promised>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** Its disks are other ones now: what they were promised does not bind them. */
  forget(node: string): void {
    this.#promised.delete(node);
  }

  /** Whether an entry lies sealed in the logs. */
  isSealed(index: number, term: number): boolean {
    return this.#sealed.has(`${index}:${term}`);
  }

  logs(node: string, sound: RaftLogs): RaftLogs {
    const open: RaftLogs['open'] = async (...args) => {
      const log = await sound.open(...args);
      this.#opened(node, log);
      return this.#watched(node, log);
    };
    return override(sound, { open });
  }

  #watched(node: string, log: RaftLog): RaftLog {
    return override(log, {
      append: async (append) => {
        for (const entry of append.entries) this.#stored(node, entry);
        if (append.hardState !== undefined) this.#judge(node, append.hardState);
        this.#gives(node, append.entries[0]?.index ?? Infinity);
        await log.append(append);
        this.#promise(node, log);
      },
      compact: async (index) => {
        await log.compact(index);
        this.#promise(node, log);
      },
      reset: async (start, hardState) => {
        this.#gives(node, 0);
        await log.reset(start, hardState);
        this.#promise(node, log);
      },
    });
  }

  #promise(node: string, { hardState, last }: RaftLog): void {
    this.#promised.set(node, { hardState, last });
  }

  /** From this index on other entries are to stand there: a crash leaves the old ones or the new ones. */
  #gives(node: string, first: number): void {
    const promised = this.#promised.get(node);
    if (promised !== undefined) promised.last = Math.min(promised.last, Math.max(0, first - 1));
  }

  #opened(node: string, log: RaftLog): void {
    const promised = this.#promised.get(node);
    this.#findings.saw('R8', promised !== undefined);
    if (promised === undefined) return;
    this.#judge(node, log.hardState);
    if (log.last < promised.last) {
      this.#findings.add('R8', `the log of ${node} ends at ${log.last}, and ${promised.last} was durable`);
    }
  }

  #judge(node: string, { commit, term, vote }: HardState): void {
    const before = this.#promised.get(node)?.hardState;
    this.#findings.saw('R8', before !== undefined);
    if (before === undefined) return;
    const text = `${node}: term ${term}, vote ${vote}, commit ${commit} after ${JSON.stringify([
      before.term,
      `${before.vote}`,
      before.commit,
    ])}`;
    const isOtherVote = term === before.term && before.vote !== 0n && vote !== before.vote;
    if (term < before.term || commit < before.commit || isOtherVote) this.#findings.add('R8', text);
  }

  #stored(node: string, { data, index, kind, term }: LogEntry): void {
    const place = `${index}:${term}`;
    const sum = crc32c(data);
    const before = this.#bytes.get(place) ?? sum;
    this.#findings.saw('R2', this.#bytes.has(place));
    if (before !== sum) this.#findings.add('R2', `${node} stores other bytes at ${index} of term ${term}`);
    this.#bytes.set(place, sum);
    if (kind === 'normal' && data[0] === PROPOSAL_KIND.sealed) this.#sealed.add(place);
  }
}
