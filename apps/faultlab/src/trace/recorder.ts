import { toHex } from '@caisson/base';
import { override } from '@caisson/compliance';
import {
  type Clock,
  type DiskFile,
  EncryptionService,
  type GroupStatus,
  isCaissonError,
  type KekProvider,
  type KvService,
  type RaftTransport,
} from '@caisson/contracts';
import type { RecordDisk, SimulatedNetwork } from '@caisson/simulator';
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Machine } from '../cluster/machine.js';
import { generationNow, nodeNow } from '../kernel/generations.js';
import type { SealLedger } from '../ledger/seal-ledger.js';
import type { Findings } from '../oracles/findings.js';
import type { Finding } from '../oracles/rules.js';
import { ClientCalls } from './client-calls.js';
import { Entries } from './entries.js';
import { wordsOf } from './frame-words.js';
import { HappenedBefore, type Horizon, type Mark } from './happened-before.js';
import type { Message, Reached, Standing, Work } from './record.js';
import type { TraceListener } from './trace.js';

/** Whose call it is: known to whoever is called at once, and to nobody behind a promise of another lane. */
const acting = new AsyncLocalStorage<string>();

/** Runs a client so that its calls are known as its own. */
export function actingAs<T>(client: string, work: () => T): T {
  return acting.run(client, work);
}

/** Nobody asks any more: from now on promises are as fast as ever. */
export function forgetActors(): void {
  acting.disable();
}

/** Between two times that a node is asked how far it is. */
const REACHED_EVERY_MS = 10;
const KEYS_EVERY_MS = 50;
/** A sync or a rename that takes less is nothing to tell of. */
const SLOW_DISK_MS = 2;

export type Noted<T> = Omit<T, 'isPast'> & { readonly mark: Mark };
type Open<T> = { -readonly [Name in keyof T]: T[Name] };

interface NodeNotes {
  readonly standings: Standing[];
  readonly reached: Reached[];
  keys: string | undefined;
  keysAtMs: number;
}

/** Where a finding came out, and what was known there. */
export interface Place {
  readonly lane: string;
  readonly atMs: number;
  readonly horizon: Horizon;
}

export interface RecordedCluster {
  readonly clock: Clock;
  readonly network: SimulatedNetwork;
  readonly findings: Findings;
}

/**
 * Writes down everything about one storm that a timeline shows: calls of clients, messages, how far nodes
 * were, what they asked of disks and key services, and what could have had an influence on what.
 *
 * It only looks: a storm that is recorded has the trace of one that is not. It costs time and memory, so a
 * storm is recorded when it is run again because it broke a rule.
 */
export class Recorder {
  readonly order = new HappenedBefore();
  readonly entries = new Entries();
  readonly calls: ClientCalls;
  readonly works: Noted<Work>[] = [];
  readonly messages: (Noted<Message> & { readonly heard?: Mark })[] = [];
  readonly nodes = new Map<string, NodeNotes>();
  readonly places = new Map<Finding, Place>();
  /** What else is known of a finding. */
  readonly more = new Map<Finding, string>();
  /** Which process sealed first under a key and nonce. */
  readonly #seals = new Map<string, string>();
  #sealedBefore: string | undefined;
  /** Signs of life between members, which are only counted. */
  signsOfLife = 0;
  #clock: Clock | undefined;
  /** What is sent at this very moment, in words; empty for a sign of life. */
  #sending: string | undefined;

  constructor() {
    this.calls = new ClientCalls(this.order, () => this.#now());
  }

  /** Looks on from now on. */
  watch({ clock, findings, network }: RecordedCluster): void {
    this.#clock = clock;
    const carry = network.carry.bind(network);
    network.carry = (from, to, passage) => {
      const heard = this.#sent(from.identity.name, to.identity.name);
      const arrived = () => {
        heard();
        passage.arrived();
      };
      carry(from, to, { arrived, lost: passage.lost });
    };
    const add = findings.add.bind(findings);
    findings.add = (rule, text, about) => {
      add(rule, text, about);
      const lane = nodeNow() ?? acting.getStore();
      const finding = findings.all.at(-1)!;
      if (rule === 'E1' && this.#sealedBefore !== undefined) this.more.set(finding, this.#sealedBefore);
      if (lane === undefined) return;
      this.order.step(lane);
      this.places.set(finding, { lane, atMs: finding.atMs, horizon: this.order.horizon(lane) });
    };
  }

  /** Where seals are noted, with who made them. */
  ledger(sound: SealLedger): SealLedger {
    const note: SealLedger['note'] = (key, nonce, aad, text) => {
      const name = `${key} ${toHex(nonce)}`;
      this.#sealedBefore = this.#seals.get(name);
      if (this.#sealedBefore === undefined)
        this.#seals.set(name, `${generationNow() ?? 'somebody'} at ${this.#now()} ms`);
      return sound.note(key, nonce, aad, text);
    };
    return { note };
  }

  /** Of the trace: what nodes apply. */
  readonly listener: TraceListener = (atMs, kind, parts) => {
    if (kind !== 'applied') return;
    const [node, index, term, payload] = parts;
    this.entries.applied({ node: String(node), atMs, index: Number(index), term: Number(term) }, payload);
  };

  /** The service of a node, as the client sees it that is acting now. */
  kv(node: string, sound: KvService): KvService {
    return this.calls.through(node, acting.getStore() ?? 'last', sound);
  }

  transport(sound: RaftTransport): RaftTransport {
    return override(sound, {
      send: (group, to, frame) => this.#saying(wordsOf(frame) ?? '', () => sound.send(group, to, frame)),
      ask: (peer, question, signal) => this.#saying('a question', () => sound.ask(peer, question, signal)),
    });
  }

  keks(node: string, sound: KekProvider): KekProvider {
    const noted =
      <A extends readonly unknown[], T>(what: string, call: (...args: A) => Promise<T>) =>
      (...args: A): Promise<T> =>
        this.#works({ lane: 'key', node, what }, call.apply(sound, args as never));
    const { probe, rewrap, unwrap, wrap } = sound;
    return override(sound, {
      wrap: noted('wrap a key', wrap),
      unwrap: noted('unwrap a key', unwrap),
      rewrap: noted('wrap a key anew', rewrap),
      probe: noted('is the key there?', probe),
    });
  }

  /** Only what is slow or fails is told of. */
  disk<T extends RecordDisk>(node: string, sound: T): T {
    const noted =
      <A extends readonly unknown[], R>(what: string, call: (...args: A) => Promise<R>) =>
      (...args: A): Promise<R> => {
        const path = typeof args[0] === 'string' ? ` ${args[0]}` : '';
        const done = call.apply(sound, args as never);
        return this.#works({ lane: 'disk', node, what: `${what}${path}` }, done, SLOW_DISK_MS);
      };
    const { create, open, read, rename, syncDirectory } = sound;
    const opened =
      (call: (path: string) => Promise<DiskFile>): ((path: string) => Promise<DiskFile>) =>
      (path) => {
        const done = call.call(sound, path);
        done.then(
          (file) => this.#watchFile(node, path, file),
          () => undefined,
        );
        return done;
      };
    const replaced: Partial<RecordDisk> = {
      create: opened(create),
      open: opened(open),
      read: noted('read', read),
      rename: noted('rename', rename),
      syncDirectory: noted('sync', syncDirectory),
    };
    return override<T>(sound, replaced as Partial<T>);
  }

  /** Work that an operator ordered, and what is said of its end. */
  ordered(node: string, what: string, told: Promise<string>): void {
    const fromMs = this.#now();
    const note: Open<Noted<Work>> = { lane: 'order', node, what, fromMs, mark: this.order.mark(node) };
    this.works.push(note);
    void told.then((end) => {
      note.untilMs = this.#now();
      if (end !== 'done') note.said = end;
    });
  }

  /** How a node stands, once a millisecond. */
  stands(machine: Machine, status: GroupStatus): void {
    const notes = this.#notesOf(machine.name);
    const atMs = this.#now();
    const { applied, durable, halted, leader, leadership: term } = status;
    if (atMs - notes.keysAtMs >= KEYS_EVERY_MS) {
      notes.keysAtMs = atMs;
      notes.keys = keysOf(machine);
    }
    const { keys } = notes;
    const last = notes.standings.at(-1);
    const isOther =
      last === undefined ||
      last.term !== term ||
      last.leader !== leader ||
      last.halted !== halted ||
      last.keys !== keys;
    if (isOther) notes.standings.push(dense({ atMs, term, leader, halted, keys }));
    const before = notes.reached.at(-1);
    if (before?.applied === applied && before.durable === durable) return;
    if (before !== undefined && atMs - before.atMs < REACHED_EVERY_MS) notes.reached.pop();
    const sinceMs = before !== undefined && atMs - before.atMs < REACHED_EVERY_MS ? before.atMs : atMs;
    notes.reached.push({ atMs: sinceMs, applied, durable });
  }

  /** Answers what is to be done when it arrives, each time. */
  #sent(from: string, to: string): () => void {
    const what = this.#sending ?? 'a part of an answer or of a snapshot';
    const mark = this.order.step(from);
    const horizon = this.order.horizon(from);
    if (what === '') this.signsOfLife++;
    const message: Open<Recorder['messages'][number]> = { from, to, what, sentAtMs: this.#now(), mark };
    if (what !== '') this.messages.push(message);
    return () => {
      const heard = this.order.hear(to, horizon);
      message.heard ??= heard;
      message.arrivedAtMs ??= this.#now();
    };
  }

  #saying<T>(what: string, send: () => T): T {
    this.#sending = what;
    try {
      return send();
    } finally {
      this.#sending = undefined;
    }
  }

  /** In place, so that whoever opened it gets what was opened, and no later. */
  #watchFile(node: string, path: string, file: DiskFile): void {
    const { sync, write } = file;
    file.sync = () =>
      this.#works({ lane: 'disk', node, what: `sync ${path}` }, sync.call(file), SLOW_DISK_MS);
    file.write = (bytes, offset) => {
      const done = write.call(file, bytes, offset);
      return this.#works({ lane: 'disk', node, what: `write ${path}` }, done, SLOW_DISK_MS);
    };
  }

  /** The very promise comes back: whoever waits for it is woken up when it would have been. */
  #works<T>(about: Pick<Work, 'lane' | 'node' | 'what'>, done: Promise<T>, leastMs = 0): Promise<T> {
    const fromMs = this.#now();
    const note: Open<Noted<Work>> = { ...about, fromMs, mark: this.order.mark(about.node) };
    if (leastMs === 0) this.works.push(note);
    const ended = (said?: string) => {
      note.untilMs = this.#now();
      if (said !== undefined) note.said = said;
      const isTold = said !== undefined || note.untilMs - fromMs >= leastMs;
      if (leastMs > 0 && isTold) this.works.push(note);
    };
    done.then(
      () => ended(),
      (error: unknown) => ended(isCaissonError(error) ? error.code : 'a surprise'),
    );
    return done;
  }

  #notesOf(node: string): NodeNotes {
    const known = this.nodes.get(node);
    const notes = known ?? { standings: [], reached: [], keys: undefined, keysAtMs: -KEYS_EVERY_MS };
    this.nodes.set(node, notes);
    return notes;
  }

  #now(): number {
    return this.#clock?.monotonicMs() ?? 0;
  }
}

function keysOf({ process }: Machine): string | undefined {
  const { enabled, keys } = process!.host.get(EncryptionService).status();
  if (!enabled) return undefined;
  const active = keys.filter(({ state }) => state === 'active');
  const words = active.map(
    ({ keyId, localEpoch, purpose }) => `${purpose} key ${keyId}, epoch ${localEpoch}`,
  );
  return words.length === 0 ? undefined : words.join('; ');
}

/** Without what is not there: a report has no place for it. */
function dense(standing: { [Name in keyof Standing]: Standing[Name] | undefined }): Standing {
  const there = Object.entries(standing).filter(([, value]) => value !== undefined);
  return Object.fromEntries(there) as unknown as Standing;
}
