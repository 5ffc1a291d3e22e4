import { invariant } from '@caisson/base';
import { type ConfChange, confChangeEntry } from '../message/conf-change.js';
import { encodedSizes, isThread, type NodeId, unplacedEntry } from '../message/entry.js';
import { createMessage, isLocalType, isResponseType, type Message } from '../message/message.js';
import { type ConfState, EMPTY_HARD_STATE, isEmptyHardState } from '../message/state.js';
import { createRaft } from '../node/create.js';
import { applyConfChange } from '../node/membership.js';
import type { RaftOptions } from '../node/options.js';
import type { StepOutcome } from '../node/outcome.js';
import type { Raft } from '../node/raft.js';
import { step } from '../node/step.js';
import { tick } from '../node/tick.js';
import { bootstrap, type Founder } from './bootstrap.js';
import { collectReady, hasReady, type Known, type Ready } from './ready.js';
import { type RaftStatus, statusOf } from './status.js';
import {
  storageAppend,
  storageAppendResponse,
  storageApply,
  storageApplyResponse,
} from './storage-messages.js';

/**
 * One member of a Raft group, to be driven from one place.
 *
 * Inputs change the state at once and never wait; what is to be done about it collects until `ready` hands it
 * out. Given the same options and the same inputs, two nodes do the same.
 */
export class RawNode {
  readonly #raft: Raft;
  #known: Known;
  #stepsOnAdvance: Message[] = [];
  #isAdvanceDue = false;

  constructor(options: RaftOptions) {
    this.#raft = createRaft(options);
    this.#known = { softState: this.#raft.softState, hardState: this.#raft.hardState };
  }

  get id(): NodeId {
    return this.#raft.id;
  }

  /** For tests and tools. Reading is fine; writing voids every guarantee. */
  get raft(): Raft {
    return this.#raft;
  }

  /** Founds a group. Every founder must be given the same list, on empty storage, before its first Ready. */
  bootstrap(founders: readonly Founder[]): void {
    this.#known = { ...this.#known, hardState: EMPTY_HARD_STATE };
    bootstrap(this.#raft, founders);
  }

  /** Time passes. */
  tick(): void {
    tick(this.#raft);
  }

  /** Takes a message from a peer or a storage thread. */
  step(message: Message): StepOutcome {
    const { type, from } = message;
    if (isLocalType(type) && !isThread(from)) return 'local-message';
    const isExpected = isThread(from) || this.#raft.tracker.of(from) !== undefined;
    if (isResponseType(type) && !isExpected) return 'peer-not-found';
    return step(this.#raft, message);
  }

  campaign(): void {
    step(this.#raft, createMessage({ type: 'MsgHup' }));
  }

  /**
   * Proposes data, here or through the leader. `accepted` promises nothing about commitment; only seeing
   * the entry among the committed ones does.
   */
  propose(data: Uint8Array): StepOutcome {
    return this.#propose([unplacedEntry(data)]);
  }

  /** Proposes several at once, to be appended together and in order, or dropped together. */
  proposeAll(datas: readonly Uint8Array[]): StepOutcome {
    return this.#propose(datas.map((data) => unplacedEntry(data)));
  }

  /** A change that may not enter the log now is accepted all the same and becomes an empty entry. */
  proposeConfChange(change: ConfChange, encoding: { version: 1 | 2 } = { version: 2 }): StepOutcome {
    return this.#propose([confChangeEntry(change, encoding)]);
  }

  #propose(entries: Message['entries']): StepOutcome {
    return step(this.#raft, createMessage({ type: 'MsgProp', from: this.id, entries }));
  }

  /**
   * Carries out a change found at `index` among the committed entries, and answers the membership from then
   * on.
   *
   * Undefined, and nothing happened, if a snapshot that goes beyond `index` has arrived since the entry was
   * handed out: its membership is in force already. Then neither this entry nor what follows it is to be
   * applied; the snapshot brings them.
   */
  applyConfChange(change: ConfChange, index: number): ConfState | undefined {
    if (index < this.#raft.log.firstIndex()) return undefined;
    return applyConfChange(this.#raft, change);
  }

  /**
   * Asks for an index that covers every write acknowledged so far; it comes back as a read state, or never.
   */
  readIndex(context: Uint8Array): void {
    step(this.#raft, createMessage({ type: 'MsgReadIndex', entries: [unplacedEntry(context)] }));
  }

  transferLeader(to: NodeId): void {
    step(this.#raft, createMessage({ type: 'MsgTransferLeader', from: to }));
  }

  forgetLeader(): void {
    step(this.#raft, createMessage({ type: 'MsgForgetLeader' }));
  }

  /** The last message to `id` could not be sent. */
  reportUnreachable(id: NodeId): void {
    step(this.#raft, createMessage({ type: 'MsgUnreachable', from: id }));
  }

  /** How sending a snapshot to `id` ended. Without this word a failed one is never sent again. */
  reportSnapshot(id: NodeId, outcome: 'finished' | 'failed'): void {
    step(this.#raft, createMessage({ type: 'MsgSnapStatus', from: id, reject: outcome === 'failed' }));
  }

  status(): RaftStatus {
    return statusOf(this.#raft);
  }

  hasReady(): boolean {
    return hasReady(this.#raft, this.#known);
  }

  /** Hands out what is to be done. In synchronous mode `advance` must follow before the next call. */
  ready(): Ready {
    invariant('RAFT-22', !this.#isAdvanceDue, 'a second Ready before the first was advanced');
    const collected = collectReady(this.#raft, this.#known);
    const ready = { ...collected, messages: this.#messagesOf(collected) };
    this.#accept(ready);
    return ready;
  }

  /** The last Ready is written, and its committed entries applied. */
  advance(): void {
    invariant('RAFT-22', !this.#raft.options.asyncStorageWrites, 'advance with asynchronous storage writes');
    this.#isAdvanceDue = false;
    const steps = this.#stepsOnAdvance;
    this.#stepsOnAdvance = [];
    for (const message of steps) step(this.#raft, message);
  }

  #messagesOf(ready: Ready): readonly Message[] {
    const raft = this.#raft;
    if (raft.options.asyncStorageWrites) {
      const work = [storageAppend(raft, ready), storageApply(raft, ready)];
      return [...raft.messages, ...work.filter((message) => message !== undefined)];
    }
    return [...raft.messages, ...raft.messagesAfterAppend.filter(({ to }) => to !== raft.id)];
  }

  #accept(ready: Ready): void {
    const raft = this.#raft;
    if (ready.softState !== undefined) this.#known = { ...this.#known, softState: ready.softState };
    if (ready.hardState !== undefined && !isEmptyHardState(ready.hardState)) {
      this.#known = { ...this.#known, hardState: ready.hardState };
    }
    if (!raft.options.asyncStorageWrites) this.#deferSteps(ready);
    raft.readStates = [];
    raft.messages = [];
    raft.messagesAfterAppend = [];
    raft.log.unstable.acceptInProgress();
    const last = ready.committedEntries.at(-1);
    if (last !== undefined) {
      const size = encodedSizes(ready.committedEntries);
      raft.log.acceptApplying(last.index, size, { allowUnstable: raft.appliesUnstable });
    }
    raft.trace('Ready');
  }

  /**
   * What the storage threads would say, kept until `advance`. Our own promises first: counting our entries
   * before they leave the unstable log is what the other mode does too.
   */
  #deferSteps(ready: Ready): void {
    const raft = this.#raft;
    this.#isAdvanceDue = true;
    this.#stepsOnAdvance = [
      ...raft.messagesAfterAppend.filter(({ to }) => to === raft.id),
      storageAppendResponse(raft, ready),
      storageApplyResponse(raft, ready.committedEntries),
    ].filter((message) => message !== undefined);
  }
}
