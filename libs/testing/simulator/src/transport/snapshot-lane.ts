import { copyBytes } from '@caisson/base';
import {
  CaissonError,
  type IncomingSnapshot,
  type OutgoingSnapshot,
  type RaftReceiver,
} from '@caisson/contracts';
import type { Lifeline } from '../network/lifeline.js';
import type { Port } from '../network/port.js';
import type { SimulatedNetwork } from '../network/simulated-network.js';
import { ArrivingChunks } from './arriving-chunks.js';
import { BrokenOff } from './broken-off.js';
import { forever, told, travel, unless } from './passage.js';

const RETRY_MS = 100;

export interface SnapshotTransfer {
  readonly group: number;
  readonly to: bigint;
  readonly snapshot: OutgoingSnapshot;
  readonly signal: AbortSignal;
}

/** Sends snapshots from one port, each as often as the network breaks it. */
export class SnapshotLane {
  readonly #network: SimulatedNetwork;
  readonly #port: Port;

  constructor(network: SimulatedNetwork, port: Port) {
    this.#network = network;
    this.#port = port;
  }

  async send(transfer: SnapshotTransfer): Promise<void> {
    const { signal, to } = transfer;
    while (this.#port.isAlive) {
      signal.throwIfAborted();
      const peer = this.#port.find(to);
      if (peer === undefined) throw new CaissonError('UNAVAILABLE', { peer: to });
      const target = this.#network.at(peer.address);
      const isStored = target?.identity.id === to && (await this.#attempt(transfer, target));
      if (isStored) return;
      await this.#network.clock.sleep(RETRY_MS, signal);
    }
    return forever();
  }

  /** Answers false for a connection that broke. */
  #attempt(transfer: SnapshotTransfer, target: Port): Promise<boolean> {
    const { signal } = transfer;
    return this.#network.over(this.#port, target, async (lifeline) => {
      const onAbort = () => lifeline.end();
      signal.addEventListener('abort', onAbort, { once: true });
      const reason = () => (signal.aborted ? signal.reason : BROKEN);
      try {
        await unless(lifeline.signal, reason, this.#transfer(transfer, target, lifeline));
        return true;
      } catch (error) {
        if (error === BROKEN) return false;
        throw error;
      } finally {
        signal.removeEventListener('abort', onAbort);
      }
    });
  }

  async #transfer(transfer: SnapshotTransfer, target: Port, lifeline: Lifeline): Promise<void> {
    const pass = (from: Port, to: Port) => () => this.#pass(from, to, lifeline);
    const there = pass(this.#port, target);
    const back = pass(target, this.#port);
    await there();
    const { receiver } = target;
    // A node that refuses today may know its peer tomorrow.
    if (receiver === undefined || !target.admits(this.#port.identity)) return lifeline.end();
    const { group, snapshot } = transfer;
    const { id: from } = this.#port.identity;
    const incoming = { group, from, id: copyBytes(snapshot.id), frame: copyBytes(snapshot.frame) };
    const cut = this.#network.link(this.#port.identity.address, target.identity.address).takeSnapshotCut();
    const sent = cut === undefined ? snapshot : new BrokenOff(snapshot, cut, () => lifeline.end());
    const rejection = await pour(receiver, incoming, { snapshot: sent, there, signal: lifeline.signal });
    await back();
    if (rejection !== undefined) throw rejection;
  }

  /** One message on this connection; the connection ends with the first that is lost. */
  async #pass(from: Port, to: Port, lifeline: Lifeline): Promise<void> {
    try {
      await travel(this.#network, from, to);
    } catch (error) {
      lifeline.end();
      throw error;
    }
  }
}

/** The connection is gone, whatever the two ends were doing. */
const BROKEN = Symbol('broken');

interface Pouring {
  readonly snapshot: OutgoingSnapshot;
  readonly there: () => Promise<void>;
  readonly signal: AbortSignal;
}

/** Gives a snapshot to its receiver, from where that one is; answers the error it was rejected with. */
async function pour(
  receiver: RaftReceiver,
  incoming: IncomingSnapshot,
  { snapshot, there, signal }: Pouring,
): Promise<CaissonError | undefined> {
  let source: AsyncIterator<Uint8Array> | undefined;
  const close = () => void source?.return?.();
  signal.addEventListener('abort', close, { once: true });
  try {
    source = snapshot.chunks(await receiver.keptChunks(incoming))[Symbol.asyncIterator]();
    await receiver.onSnapshot(incoming, new ArrivingChunks(source, there, signal), signal);
    return undefined;
  } catch (error) {
    return told(error);
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}
