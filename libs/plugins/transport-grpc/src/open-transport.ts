import type { Clock, Logger, Peer, Random, RaftReceiver } from '@caisson/contracts';
import type { Server } from '@grpc/grpc-js';
import type { SecureContext } from 'node:tls';
import { AddressBook } from './address-book.js';
import type { TransportGrpcConfig } from './config.js';
import { Dialler, METHODS } from './dialler.js';
import { Doorkeeper } from './doorkeeper.js';
import { FrameIntake } from './frame-intake.js';
import type { Greeter } from './hello.js';
import type { TransportMeters } from './meters.js';
import { type LinkParts, PeerLink } from './peer-link.js';
import { QuestionIntake } from './question-intake.js';
import { Asker } from './questions.js';
import { SnapshotIntake } from './snapshot-intake.js';
import { SnapshotSender } from './snapshot-sender.js';

export interface OpenParts {
  readonly config: TransportGrpcConfig;
  readonly nodeName: string;
  readonly greeter: Greeter;
  readonly context: SecureContext | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly meters: TransportMeters;
  readonly receiver: () => RaftReceiver | undefined;
}

/** A transport between its start and its stop: the ways out, the ways in, and the book both go by. */
export class OpenTransport {
  readonly #book: AddressBook;
  readonly #links = new Map<bigint, PeerLink>();
  readonly #linkParts: LinkParts;
  readonly #frames: FrameIntake;
  readonly #questions: QuestionIntake;
  readonly #snapshots: SnapshotIntake;
  readonly asker: Asker;
  readonly sender: SnapshotSender;

  constructor(private readonly parts: OpenParts) {
    const { config, greeter, context, receiver, logger, meters, clock } = parts;
    this.#book = new AddressBook(parts.nodeName);
    const dialler = new Dialler(config, context);
    const doorkeeper = new Doorkeeper(greeter, this.#book, context !== undefined);
    const onUnreachable = (peer: bigint): void => this.#report(peer);
    this.#linkParts = { ...parts, dialler, onUnreachable };
    const onPeer = (peer: Peer): void => this.#link(peer).wake();
    this.#frames = new FrameIntake({ doorkeeper, logger, meters, receiver, onPeer });
    const { questionsMax, snapshotChunksAhead: window } = config.limits;
    const { questionMs } = config.timing;
    this.#questions = new QuestionIntake({ doorkeeper, logger, clock, receiver, questionsMax, questionMs });
    this.#snapshots = new SnapshotIntake({ doorkeeper, logger, meters, receiver, window });
    this.asker = new Asker({ dialler, greeter, clock, questionMs });
    this.sender = new SnapshotSender({ ...parts, dialler, find: (peer) => this.#book.get(peer) });
  }

  serve(server: Server): void {
    server.addService(METHODS, {
      frames: (call: Parameters<FrameIntake['open']>[0]) => this.#frames.open(call),
      ask: (...call: Parameters<QuestionIntake['answer']>) => this.#questions.answer(...call),
      snapshot: (call: Parameters<SnapshotIntake['open']>[0]) => this.#snapshots.open(call),
    });
  }

  connect(peers: readonly Peer[]): void {
    this.#book.replace(peers);
    const isAdmitted = (id: bigint): boolean => this.#book.get(id) !== undefined;
    for (const [id, link] of this.#links) {
      if (isAdmitted(id)) continue;
      this.#links.delete(id);
      link.close();
    }
    this.#frames.retain(isAdmitted);
    this.#snapshots.retain(isAdmitted);
    this.sender.retain(isAdmitted);
    for (const peer of this.#book.peers) this.#link(peer);
  }

  send(group: number, to: bigint, frame: Uint8Array): void {
    const link = this.#links.get(to);
    if (link) link.send(group, frame);
    else this.#report(to);
  }

  /** Why peers do not take our frames, where it is more than a broken network. */
  refusals(): readonly string[] {
    const refusals: string[] = [];
    for (const { peer, refusal } of this.#links.values()) {
      if (refusal) refusals.push(`${peer.name} (${refusal.code})`);
    }
    return refusals;
  }

  close(): void {
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
    this.asker.stop();
    this.#questions.stop();
    const nobody = (): boolean => false;
    this.sender.retain(nobody);
    this.#snapshots.retain(nobody);
  }

  /** The link to the peer where it is now. */
  #link(peer: Peer): PeerLink {
    const standing = this.#links.get(peer.id);
    if (standing?.peer.address === peer.address && standing.peer.name === peer.name) return standing;
    standing?.close();
    const link = new PeerLink(peer, this.#linkParts);
    this.#links.set(peer.id, link);
    return link;
  }

  /** In a turn of its own: whoever sends is in the middle of something. */
  #report(peer: bigint): void {
    queueMicrotask(() => this.parts.receiver()?.onUnreachable(peer));
  }
}
