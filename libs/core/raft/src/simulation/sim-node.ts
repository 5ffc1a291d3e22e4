import { decodeConfChange } from '../message/conf-change.js';
import { APPEND_THREAD, APPLY_THREAD, type Entry, isThread, type NodeId } from '../message/entry.js';
import type { Message } from '../message/message.js';
import type { ReadState } from '../message/state.js';
import type { RaftOptions } from '../node/options.js';
import { RawNode } from '../ready/raw-node.js';
import type { Ready } from '../ready/ready.js';
import { fingerprint, type Safety } from './safety.js';
import type { LogWrite, SimDisk } from './sim-disk.js';
import { uphold } from './violation.js';

/** More work than any plan gives anybody. */
const ROUNDS_MAX = 10_000;

export interface SimNodeServices {
  readonly safety: Safety;
  /** Puts a message on the network. */
  readonly send: (message: Message) => void;
  readonly read: (state: ReadState) => void;
}

/** Where in the work on a Ready a node may fall down, in the order of the work. */
export const CRASH_POINTS = [
  'never',
  'before-write',
  'before-send',
  'before-apply',
  'before-advance',
] as const;
export type CrashPoint = (typeof CRASH_POINTS)[number];

/** A node with its disk and application; it may be down, and come back with what the disk kept. */
export class SimNode {
  raw: RawNode | undefined;
  #appendWork: Message[] = [];
  #applyWork: Message[] = [];
  /** What the storage threads have said and the node has not heard yet. */
  #answers: Message[] = [];

  constructor(
    readonly options: Omit<RaftOptions, 'storage' | 'applied'>,
    readonly disk: SimDisk,
    readonly services: SimNodeServices,
  ) {
    this.start();
  }

  get id(): NodeId {
    return this.options.id;
  }

  start(): void {
    if (this.raw !== undefined) return;
    const { applied } = this.disk.app.latest;
    this.raw = new RawNode({ ...this.options, applied, storage: this.disk });
  }

  /** Ends in good order: nothing that was written is lost. */
  stop(): void {
    this.disk.log.sync();
    this.disk.app.sync();
    this.crash({ log: 0, app: 0 });
  }

  crash(luck: { readonly log: number; readonly app: number }): void {
    this.raw = undefined;
    this.#appendWork = [];
    this.#applyWork = [];
    this.#answers = [];
    this.disk.crash(luck);
  }

  /** A message arrives; nobody is there to take it while the node is down. */
  step(message: Message): void {
    this.raw?.step(message);
  }

  /** Works on one Ready. Answers whether it got through without reaching `crashPoint`. */
  processReady(crashPoint: CrashPoint): boolean {
    if (this.raw === undefined || !this.raw.hasReady()) return true;
    const ready = this.raw.ready();
    for (const state of ready.readStates) this.services.read(state);
    if (this.options.asyncStorageWrites) {
      this.#queue(ready);
      return crashPoint === 'never';
    }
    return this.#work(ready, crashPoint);
  }

  #work(ready: Ready, crashPoint: CrashPoint): boolean {
    const steps: readonly (readonly [CrashPoint, () => void])[] = [
      [
        'before-write',
        () => this.#write(ready, { isSynced: ready.mustSync || ready.snapshot !== undefined }),
      ],
      ['before-send', () => ready.messages.forEach((message) => this.#send(message))],
      ['before-apply', () => this.#apply(ready.committedEntries)],
      ['before-advance', () => this.raw!.advance()],
    ];
    for (const [point, work] of steps) {
      if (point === crashPoint) return false;
      work();
    }
    return true;
  }

  #queue(ready: Ready): void {
    for (const message of ready.messages) {
      if (message.to === APPEND_THREAD) this.#appendWork.push(message);
      else if (message.to === APPLY_THREAD) this.#applyWork.push(message);
      else this.#send(message);
    }
  }

  processAppend(): void {
    const work = this.#appendWork.shift();
    if (work === undefined) return;
    const { term, vote, commit, entries, snapshot, responses } = work;
    const hardState = term === 0 ? undefined : { term, vote, commit };
    this.#write({ hardState, entries, snapshot }, { isSynced: responses.length > 0 });
    this.#respond(work);
  }

  processApply(): void {
    const work = this.#applyWork.shift();
    if (work === undefined) return;
    this.#apply(work.entries);
    this.#respond(work);
  }

  /** Hears the next word of the storage threads. */
  hearAnswer(): void {
    const answer = this.#answers.shift();
    if (answer !== undefined) this.step(answer);
  }

  /** Everything that can be done without hearing from others. */
  work(): void {
    let rounds = 0;
    for (let busy = true; busy && this.raw !== undefined; rounds++) {
      uphold('REST', rounds < ROUNDS_MAX, () => `node ${this.id} never runs out of work`);
      const waiting = this.#appendWork.length + this.#applyWork.length + this.#answers.length;
      busy = this.raw.hasReady() || waiting > 0;
      this.processReady('never');
      this.processAppend();
      this.processApply();
      while (this.#answers.length > 0) this.hearAnswer();
    }
  }

  #respond({ responses }: Message): void {
    for (const response of responses) {
      if (response.to === this.id) this.#answers.push(response);
      else this.#send(response);
    }
  }

  #send(message: Message): void {
    if (!isThread(message.from)) this.services.safety.observeSend(message, this.disk.log.synced);
    this.services.send(message);
  }

  #write(write: LogWrite, { isSynced }: { isSynced: boolean }): void {
    const before = this.disk.log.latest;
    this.disk.write(write);
    this.services.safety.observeWrite(before, this.disk.log.latest, write.entries);
    if (isSynced) this.disk.log.sync();
    if (write.snapshot !== undefined) this.disk.install(write.snapshot);
  }

  #apply(entries: readonly Entry[]): void {
    for (const entry of entries) {
      // A snapshot was installed since, or is about to be: it brings this entry and what follows it.
      if (entry.index <= this.disk.app.latest.applied) continue;
      if (!this.#applyOne(entry)) return;
    }
  }

  #applyOne(entry: Entry): boolean {
    const before = this.disk.app.latest;
    const change = decodeConfChange(entry);
    const confState =
      change === undefined ? before.confState : this.raw!.applyConfChange(change, entry.index);
    if (confState === undefined) return false;
    this.services.safety.observeApply(this.id, entry);
    if (change !== undefined) {
      this.services.safety.observeMembership(entry.index, before.confState, confState);
    }
    const digest = Math.imul(before.digest ^ fingerprint(entry), 0x01000193) >>> 0;
    this.disk.app.write({ applied: entry.index, confState, digest });
    return true;
  }
}
