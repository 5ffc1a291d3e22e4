import { MemoryStorage } from '../log/memory-storage.js';
import { type ConfChange, decodeConfChange } from '../message/conf-change.js';
import { type Entry, NO_DATA } from '../message/entry.js';
import { createMessage, type Message, type MessageFields, type MessageType } from '../message/message.js';
import {
  type ConfState,
  EMPTY_CONF_STATE,
  EMPTY_HARD_STATE,
  type HardState,
  type ReadState,
  type Snapshot,
} from '../message/state.js';
import type { RaftOptions } from '../node/options.js';
import type { StepOutcome } from '../node/outcome.js';
import type { Raft } from '../node/raft.js';
import { RawNode } from '../ready/raw-node.js';
import type { Ready } from '../ready/ready.js';
import { uphold } from '../simulation/violation.js';
import type { Progress } from '../tracker/progress.js';

/** Storage whose log may be empty although there are members. */
export class PeerStorage extends MemoryStorage {
  confState: ConfState = EMPTY_CONF_STATE;

  override initialState(): { hardState: HardState; confState: ConfState } {
    return { ...super.initialState(), confState: this.confState };
  }
}

/** More work than any test gives anybody. */
export const ROUNDS_MAX = 1000;

export interface PeerFields extends Partial<Omit<RaftOptions, 'storage'>> {
  readonly voters?: readonly number[];
  readonly learners?: readonly number[];
  readonly confState?: ConfState;
  /** Terms of the entries in the log, from index 1 on. */
  readonly terms?: readonly number[];
  readonly hardState?: Partial<HardState>;
  readonly storage?: PeerStorage;
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

export const text = ({ data }: { readonly data: Uint8Array }): string => new TextDecoder().decode(data);

export const entry = (term: number, index: number, data = ''): Entry => ({
  term,
  index,
  type: 'EntryNormal',
  data: data === '' ? NO_DATA : bytes(data),
});

/** A log with the given terms, from index 1 or `first` on. */
export const logOf = (terms: readonly number[], first = 1): Entry[] =>
  terms.map((term, at) => entry(term, first + at));

export const membersOf = (voters: readonly number[], learners: readonly number[] = []): ConfState => ({
  ...EMPTY_CONF_STATE,
  voters,
  learners,
});

export const snapshotOf = (index: number, term: number, confState: ConfState): Snapshot => ({
  index,
  term,
  confState,
  data: NO_DATA,
});

function prepareStorage(fields: PeerFields): PeerStorage {
  const storage = fields.storage ?? new PeerStorage();
  if (fields.storage !== undefined) return storage;
  storage.confState = fields.confState ?? membersOf(fields.voters ?? [1, 2, 3], fields.learners);
  storage.append(logOf(fields.terms ?? []));
  if (fields.hardState !== undefined) storage.setHardState({ ...EMPTY_HARD_STATE, ...fields.hardState });
  return storage;
}

/** One node with its disk and application, to be spoken to and listened to. */
export class Peer {
  readonly storage: PeerStorage;
  readonly raw: RawNode;
  readonly applied: Entry[] = [];
  readonly reads: ReadState[] = [];
  readonly readies: Ready[] = [];
  readonly said: string[] = [];
  /** What was handed out with asynchronous storage writes and waits for its thread. */
  readonly work: Message[] = [];

  constructor(fields: PeerFields = {}) {
    this.storage = prepareStorage(fields);
    this.raw = new RawNode({
      id: 1,
      electionTick: 10,
      heartbeatTick: 1,
      random: () => 0,
      sink: (level, line) => this.said.push(`${level} ${line}`),
      ...fields,
      storage: this.storage,
    });
  }

  get raft(): Raft {
    return this.raw.raft;
  }

  get id(): number {
    return this.raw.id;
  }

  get role(): string {
    return this.raft.role;
  }

  get state(): readonly [role: string, term: number, lead: number] {
    return [this.raft.role, this.raft.term, this.raft.lead];
  }

  progress(id: number): Progress {
    return this.raft.tracker.of(id)!;
  }

  /** Terms of the whole log. */
  get terms(): number[] {
    const { log } = this.raft;
    const entries = log.slice(log.firstIndex(), log.lastIndex() + 1, Infinity);
    return typeof entries === 'string' ? [] : entries.map(({ term }) => term);
  }

  get datas(): string[] {
    return this.applied
      .filter(({ type }) => type === 'EntryNormal')
      .map(text)
      .filter((data) => data !== '');
  }

  /** A message arrives, at this node's term unless it says otherwise. */
  hear(fields: MessageFields): StepOutcome {
    return this.raw.step(createMessage({ term: this.raft.term, from: 2, ...fields, to: this.id }));
  }

  propose(data: string): StepOutcome {
    return this.raw.propose(bytes(data));
  }

  tick(times = 1): void {
    for (let time = 0; time < times; time++) this.raw.tick();
  }

  /** Does all that is to be done: writes, applies, advances. Answers what it sent. */
  flush(): Message[] {
    const sent: Message[] = [];
    for (let rounds = 0; this.raw.hasReady(); rounds++) {
      uphold('REST', rounds < ROUNDS_MAX, () => `node ${this.id} never runs out of work`);
      sent.push(...this.flushOne());
    }
    return sent;
  }

  flushOne(): readonly Message[] {
    const ready = this.raw.ready();
    this.readies.push(ready);
    this.reads.push(...ready.readStates);
    if (this.raft.options.asyncStorageWrites) {
      this.work.push(...ready.messages.filter(({ to }) => to < 0));
      return ready.messages.filter(({ to }) => to > 0);
    }
    this.write(ready);
    this.apply(ready.committedEntries);
    this.raw.advance();
    return ready.messages;
  }

  write({ hardState, snapshot, entries }: Pick<Ready, 'hardState' | 'snapshot' | 'entries'>): void {
    if (hardState !== undefined) this.storage.setHardState(hardState);
    if (snapshot !== undefined) this.storage.applySnapshot(snapshot);
    this.storage.append(entries);
  }

  /** Carries a change out as if it had just been committed. */
  change(change: ConfChange): void {
    this.raw.applyConfChange(change, this.raft.log.lastIndex() + 1);
  }

  apply(entries: readonly Entry[]): void {
    for (const one of entries) {
      const change = decodeConfChange(one);
      if (change !== undefined) this.raw.applyConfChange(change, one.index);
      this.applied.push(one);
    }
  }

  /** Becomes leader by everybody's vote, and commits the entry of its term if `isCommitting`. */
  lead({ isCommitting = true } = {}): this {
    this.raw.campaign();
    this.flush();
    const others = this.raft.tracker.membership.incoming.filter((id) => id !== this.id);
    if (this.role === 'StatePreCandidate') {
      for (const from of others) this.hear({ type: 'MsgPreVoteResp', from, term: this.raft.term + 1 });
      this.flush();
    }
    for (const from of others) this.hear({ type: 'MsgVoteResp', from });
    this.flush();
    if (isCommitting) this.everybodyAcknowledges();
    return this;
  }

  /** Every other member acknowledges the whole log. */
  everybodyAcknowledges(): Message[] {
    for (const id of this.raft.peers) {
      this.hear({ type: 'MsgAppResp', from: id, index: this.raft.log.lastIndex() });
    }
    return this.flush();
  }
}

export const ofType = (messages: readonly Message[], type: MessageType): Message[] =>
  messages.filter((message) => message.type === type);

/** The first message of a type to somebody. */
export function oneOf(messages: readonly Message[], type: MessageType, to?: number): Message {
  return ofType(messages, type).find((message) => to === undefined || message.to === to)!;
}

/** What is sent now, before and after storage work, without doing that work. */
export function takeAll({ raft }: Peer): Message[] {
  const taken = [...raft.messages, ...raft.messagesAfterAppend];
  raft.messages = [];
  raft.messagesAfterAppend = [];
  return taken;
}
