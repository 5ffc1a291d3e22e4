import { hex } from '../debug/describe-state.js';
import { describeMessage, describeReady, describeEntries } from '../debug/describe-message.js';
import { APPEND_THREAD, APPLY_THREAD, isThread, type NodeId } from '../message/entry.js';
import { createMessage, type Message, type MessageType } from '../message/message.js';
import type { StepOutcome } from '../node/outcome.js';
import { ScriptError } from './directive.js';
import { deepFreeze } from './freeze.js';
import { Output } from './output.js';
import type { TestNode } from './test-node.js';

export interface Recipient {
  readonly id: NodeId;
  readonly isDropping: boolean;
}

export const STEP_ERRORS: Readonly<Record<Exclude<StepOutcome, 'accepted'>, string>> = {
  'proposal-dropped': 'raft proposal dropped',
  'peer-not-found': 'raft: cannot step as peer not found',
  'local-message': 'raft: cannot step raft local message',
};

/** Nodes, the messages between them, and what they say. */
export class Environment {
  readonly nodes: TestNode[] = [];
  readonly output = new Output();
  messages: Message[] = [];

  /** `isFreezing` makes everything unwritable that goes into a node or comes out of it. */
  constructor(readonly isFreezing: boolean) {}

  node(id: NodeId): TestNode {
    const node = this.nodes[id - 1];
    if (node === undefined) throw new ScriptError(`unknown node ${hex(id)}`);
    return node;
  }

  guard<T>(value: T): T {
    return this.isFreezing ? deepFreeze(value) : value;
  }

  processReady(id: NodeId): void {
    const node = this.node(id);
    const ready = this.guard(node.raw.ready());
    this.output.write(describeReady(ready));
    if (!node.raw.raft.options.asyncStorageWrites) {
      node.write(ready);
      node.apply(ready.committedEntries);
      this.messages.push(...ready.messages);
      node.raw.advance();
      return;
    }
    for (const message of ready.messages) {
      if (message.to === APPEND_THREAD) node.appendWork.push(message);
      else if (message.to === APPLY_THREAD) node.applyWork.push(message);
      else this.messages.push(message);
    }
  }

  processAppend(id: NodeId): void {
    const node = this.node(id);
    const work = node.appendWork.shift();
    if (work === undefined) {
      this.output.write('no append work to perform');
      return;
    }
    const { term, vote, commit, entries, snapshot } = work;
    this.#announce(work);
    node.write({ hardState: { term, vote, commit }, entries, snapshot });
    this.#respond(work);
  }

  processApply(id: NodeId): void {
    const node = this.node(id);
    const work = node.applyWork.shift();
    if (work === undefined) {
      this.output.write('no apply work to perform');
      return;
    }
    this.#announce(work);
    node.apply(work.entries);
    this.#respond(work);
  }

  #announce(work: Message): void {
    this.output.write(`Processing:\n${describeMessage(createMessage({ ...work, responses: [] }))}\n`);
  }

  #respond({ responses }: Message): void {
    const lines = responses.map((response) => `${describeMessage(response)}\n`);
    this.output.write(`Responses:\n${lines.join('')}`);
    this.messages.push(...responses);
  }

  hasMessagesFor(id: NodeId): boolean {
    return this.messages.some(({ to }) => to === id);
  }

  /** Delivers or drops what is on its way to a recipient, in order. Answers how many messages that was. */
  deliver({ id, isDropping }: Recipient, type?: MessageType): number {
    const isMeant = (message: Message): boolean =>
      message.to === id &&
      (type === undefined || message.type === type) &&
      !(isDropping && isInternal(message));
    const meant = this.messages.filter(isMeant);
    this.messages = this.messages.filter((message) => !isMeant(message));
    for (const message of meant) {
      this.output.write(`${isDropping ? 'dropped: ' : ''}${describeMessage(message)}\n`);
      if (isDropping) continue;
      const outcome = this.node(id).raw.step(this.guard(message));
      if (outcome !== 'accepted') this.output.write(`${STEP_ERRORS[outcome]}\n`);
    }
    return meant.length;
  }

  showLog(id: NodeId): void {
    const { storage } = this.node(id);
    const [first, last] = [storage.firstIndex(), storage.lastIndex()];
    if (last < first) {
      this.output.write(`log is empty: first index=${first}, last index=${last}`);
      return;
    }
    const entries = storage.entries(first, last + 1, Infinity);
    if (typeof entries !== 'string') this.output.write(describeEntries(entries));
  }
}

/** Never lost: it does not cross a network. */
const isInternal = ({ from, to }: Message): boolean => from === to || isThread(from) || isThread(to);
