import type { Message, MessageType } from '../message/message.js';
import { uphold } from '../simulation/violation.js';
import { Peer, type PeerFields, ROUNDS_MAX } from './peer.js';

/** Peers and a synchronous network between them: nothing waits, and what is not let through is lost. */
export class Network {
  readonly #peers = new Map<number, Peer>();
  #cut = new Set<string>();
  #ignored = new Set<MessageType>();
  /** Decides, after everything else, whether a message gets through. */
  filter: (message: Message) => boolean = () => true;
  /** Everything that was sent, delivered or not. */
  readonly sent: Message[] = [];

  constructor(peers: readonly Peer[]) {
    for (const peer of peers) this.#peers.set(peer.id, peer);
  }

  /** `count` nodes that know each other, equal but for their ids. */
  static of(count: number, fields: PeerFields = {}): Network {
    const voters = Array.from({ length: count }, (_, at) => at + 1);
    return new Network(voters.map((id) => new Peer({ voters, ...fields, id })));
  }

  get peers(): readonly Peer[] {
    return [...this.#peers.values()];
  }

  peer(id: number): Peer {
    return this.#peers.get(id)!;
  }

  get leader(): Peer | undefined {
    return this.peers.find(({ role }) => role === 'StateLeader');
  }

  get roles(): string[] {
    return this.peers.map(({ role }) => role.replace('State', ''));
  }

  get termsNow(): number[] {
    return this.peers.map(({ raft }) => raft.term);
  }

  cut(one: number, other: number): void {
    this.#cut.add(`${one}>${other}`).add(`${other}>${one}`);
  }

  isolate(id: number): void {
    for (const other of this.#peers.keys()) if (other !== id) this.cut(id, other);
  }

  ignore(type: MessageType): void {
    this.#ignored.add(type);
  }

  recover(): void {
    this.#cut = new Set();
    this.#ignored = new Set();
    this.filter = () => true;
  }

  campaign(id: number): void {
    this.peer(id).raw.campaign();
    this.settle();
  }

  propose(id: number, data: string): void {
    this.peer(id).propose(data);
    this.settle();
  }

  /** Time passes for one node, everything else happening in between. */
  tick(id: number, times = 1): void {
    for (let time = 0; time < times; time++) {
      this.peer(id).tick();
      this.settle();
    }
  }

  /** Everybody works and hears from everybody until there is nothing left to do. */
  settle(): void {
    let rounds = 0;
    for (let isBusy = true; isBusy; rounds++) {
      uphold('REST', rounds < ROUNDS_MAX, () => 'the network never comes to rest');
      const messages = this.peers.flatMap((peer) => peer.flush());
      isBusy = messages.length > 0;
      this.deliver(messages);
    }
  }

  deliver(messages: readonly Message[]): void {
    this.sent.push(...messages);
    for (const message of messages) {
      const isLost = this.#cut.has(`${message.from}>${message.to}`) || this.#ignored.has(message.type);
      if (!isLost && this.filter(message)) this.#peers.get(message.to)?.raw.step(message);
    }
  }
}
