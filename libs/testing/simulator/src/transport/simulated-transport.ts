import { copyBytes } from '@caisson/base';
import {
  CaissonError,
  type OutgoingSnapshot,
  type Peer,
  type RaftReceiver,
  type RaftTransport,
} from '@caisson/contracts';
import type { NodeIdentity, Port } from '../network/port.js';
import type { SimulatedNetwork } from '../network/simulated-network.js';
import { forever, told, travel, unless } from './passage.js';
import { SnapshotLane } from './snapshot-lane.js';

/**
 * A transport over a simulated network. It keeps the contract in calm weather; in rough weather frames may
 * arrive twice, and overtake each other without a reconnect.
 */
export class SimulatedTransport implements RaftTransport {
  readonly address: string;
  readonly #network: SimulatedNetwork;
  readonly #port: Port;
  readonly #snapshots: SnapshotLane;
  readonly #stopped = new AbortController();
  /** Frames to each peer that have not arrived. */
  readonly #queued = new WeakMap<Port, Set<object>>();
  /** Peers whose break is about to be reported. */
  readonly #noticing = new Set<bigint>();

  constructor(network: SimulatedNetwork, identity: NodeIdentity) {
    this.#network = network;
    this.#port = network.open(identity);
    this.#snapshots = new SnapshotLane(network, this.#port);
    this.address = identity.address;
  }

  /** How the process gets to what arrives for it. */
  runBy(run: (task: () => void) => void): void {
    this.#port.run = run;
  }

  receive(receiver: RaftReceiver): void {
    this.#port.receiver = receiver;
  }

  connect(peers: readonly Peer[]): void {
    this.#port.replaceBook(peers);
  }

  send(group: number, to: bigint, frame: Uint8Array): void {
    if (!this.#port.isAlive) return;
    const peer = this.#port.find(to);
    const target = peer && this.#network.at(peer.address);
    if (target === undefined || target.identity.id !== to) return this.#notice(to);
    const queued = this.#queued.get(target) ?? new Set<object>();
    this.#queued.set(target, queued);
    if (queued.size >= this.#network.queueFrames) return this.#notice(to);
    const { address, id } = this.#port.identity;
    this.#network.link(address, target.identity.address).remember({ group, from: id, bytes: frame });
    const place = {};
    queued.add(place);
    this.#network.carry(this.#port, target, {
      arrived: () => {
        queued.delete(place);
        this.#deliver(target, group, frame);
      },
      lost: () => {
        queued.delete(place);
        this.#report(to);
      },
    });
  }

  async ask(peer: Omit<Peer, 'id'>, question: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    const gone = () => new CaissonError('UNAVAILABLE', { name: peer.name, address: peer.address });
    const target = this.#network.at(peer.address);
    if (!this.#port.isAlive || target === undefined) {
      await this.#network.clock.sleep(this.#network.noticeMs, signal);
      return this.#orNever(gone());
    }
    const asking = this.#network.over(this.#port, target, (lifeline) => {
      const giveUp = () => lifeline.end();
      signal.addEventListener('abort', giveUp, { once: true });
      const reason = () => (signal.aborted ? signal.reason : gone());
      const exchange = this.#exchange(target, { name: peer.name, question, signal: lifeline.signal });
      return unless(lifeline.signal, reason, exchange).finally(() => {
        signal.removeEventListener('abort', giveUp);
      });
    });
    return asking.catch((error) => this.#orNever(error));
  }

  async sendSnapshot(
    group: number,
    to: bigint,
    snapshot: OutgoingSnapshot,
    signal: AbortSignal,
  ): Promise<void> {
    const sending = this.#snapshots.send({ group, to, snapshot, signal });
    return unless(this.#stopped.signal, () => new CaissonError('UNAVAILABLE'), sending);
  }

  /** Ends in good order: whoever waits here is told. */
  stop(): void {
    this.#stopped.abort();
    this.#network.close(this.#port);
  }

  /** The process is gone: nobody who waits here hears anything ever again. */
  crash(): void {
    this.#network.close(this.#port);
  }

  #deliver(target: Port, group: number, frame: Uint8Array): void {
    const { id } = this.#port.identity;
    const isLinked = this.#port.find(target.identity.id) !== undefined && target.admits(this.#port.identity);
    if (isLinked) target.receiver?.onFrame(group, id, copyBytes(frame));
    else this.#notice(target.identity.id);
  }

  async #exchange(
    target: Port,
    asked: { readonly name: string; readonly question: Uint8Array; readonly signal: AbortSignal },
  ): Promise<Uint8Array> {
    await travel(this.#network, this.#port, target);
    const { name, clusterId } = target.identity;
    const { identity } = this.#port;
    let answer: Uint8Array | CaissonError;
    if (clusterId !== identity.clusterId) answer = new CaissonError('CLUSTER_MISMATCH', { name });
    else if (name !== asked.name) answer = new CaissonError('PEER_REFUSED', { name, expected: asked.name });
    else answer = await answerOf(target, identity.id, asked);
    await travel(this.#network, target, this.#port);
    if (answer instanceof Uint8Array) return copyBytes(answer);
    throw answer;
  }

  #notice(peer: bigint): void {
    if (this.#noticing.has(peer) || peer === this.#port.identity.id) return;
    this.#noticing.add(peer);
    this.#network.clock.after(this.#network.noticeMs, () => this.#report(peer));
  }

  #report(peer: bigint): void {
    this.#noticing.delete(peer);
    if (this.#port.isAlive) this.#port.receiver?.onUnreachable(peer);
  }

  /** Rejects, unless this end crashed meanwhile. */
  #orNever(error: unknown): Promise<never> {
    const isCrashed = !this.#port.isAlive && !this.#stopped.signal.aborted;
    return isCrashed ? forever() : Promise.reject(error);
  }
}

async function answerOf(
  target: Port,
  from: bigint,
  { question, signal }: { readonly question: Uint8Array; readonly signal: AbortSignal },
): Promise<Uint8Array | CaissonError> {
  if (target.receiver === undefined) return new CaissonError('UNAVAILABLE', { name: target.identity.name });
  try {
    return await target.receiver.onQuestion(from, copyBytes(question), signal);
  } catch (error) {
    return told(error);
  }
}
