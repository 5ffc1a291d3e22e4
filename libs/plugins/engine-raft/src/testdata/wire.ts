import {
  CaissonError,
  type OutgoingSnapshot,
  type Peer,
  type RaftReceiver,
  type RaftTransport,
} from '@caisson/contracts';
import { fullNodeId } from '@caisson/formats';

/** Everybody's wires. A pair that is cut hears nothing of each other. */
export class Network {
  readonly #nodes = new Map<bigint, WireTransport>();
  readonly #cut = new Set<string>();
  /** Frames are lost for which this says so. */
  lose: (from: bigint, to: bigint, frame: Uint8Array) => boolean = () => false;

  join(name: string): WireTransport {
    const transport = new WireTransport(this, name);
    this.#nodes.set(fullNodeId(name), transport);
    return transport;
  }

  leave(transport: WireTransport): void {
    if (this.#nodes.get(transport.id) === transport) this.#nodes.delete(transport.id);
  }

  isolate(name: string): void {
    for (const [, other] of this.#nodes) if (other.name !== name) this.#cut.add(pair(name, other.name));
  }

  heal(): void {
    this.#cut.clear();
  }

  reach(from: WireTransport, to: bigint): WireTransport | undefined {
    const node = this.#nodes.get(to);
    const isCut = node !== undefined && this.#cut.has(pair(from.name, node.name));
    return isCut || this.#nodes.get(from.id) !== from ? undefined : node;
  }

  at(address: string): WireTransport | undefined {
    return [...this.#nodes.values()].find((node) => node.address === address);
  }
}

const pair = (a: string, b: string): string => [a, b].sort().join('|');

/** A transport of microtasks: in order, and never inside the call. */
export class WireTransport implements RaftTransport {
  readonly name: string;
  readonly id: bigint;
  readonly address: string;
  peers: readonly Peer[] = [];
  receiver: RaftReceiver | undefined;
  readonly #network: Network;

  constructor(network: Network, name: string) {
    this.name = name;
    this.id = fullNodeId(name);
    this.address = `${name}:7000`;
    this.#network = network;
  }

  receive(receiver: RaftReceiver): void {
    this.receiver = receiver;
  }

  connect(peers: readonly Peer[]): void {
    this.peers = peers;
  }

  knows(peer: bigint): boolean {
    return this.peers.length === 0 || this.peers.some(({ id }) => id === peer);
  }

  send(group: number, to: bigint, frame: Uint8Array): void {
    if (!this.knows(to) || this.#network.lose(this.id, to, frame)) return;
    const bytes = Uint8Array.from(frame);
    void Promise.resolve().then(() => {
      const target = this.#network.reach(this, to);
      if (target?.knows(this.id) === true) target.receiver?.onFrame(group, this.id, bytes);
    });
  }

  async ask(peer: Omit<Peer, 'id'>, question: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const id = this.#network.at(peer.address)?.id;
    const target = id === undefined ? undefined : this.#network.reach(this, id);
    if (target?.receiver === undefined) throw new CaissonError('UNAVAILABLE', { peer: peer.name });
    return target.receiver.onQuestion(this.id, Uint8Array.from(question), signal);
  }

  async sendSnapshot(
    group: number,
    to: bigint,
    snapshot: OutgoingSnapshot,
    signal: AbortSignal,
  ): Promise<void> {
    const target = this.#network.reach(this, to);
    if (target?.receiver === undefined) throw new CaissonError('UNAVAILABLE', { peer: String(to) });
    const incoming = { group, from: this.id, id: snapshot.id, frame: Uint8Array.from(snapshot.frame) };
    const kept = await target.receiver.keptChunks(incoming);
    await target.receiver.onSnapshot(incoming, snapshot.chunks(kept), signal);
  }
}
