import type { Lifeline } from '../network/lifeline.js';
import type { Port } from '../network/port.js';
import type { SimulatedNetwork } from '../network/simulated-network.js';

export interface LaneParts {
  readonly network: SimulatedNetwork;
  readonly from: Port;
  readonly to: Port;
  readonly lifeline: Lifeline;
}

/** The last thing on a lane. */
export const END = Symbol('end');
export type Segment = Uint8Array | typeof END;

/**
 * One direction of a connection: segments arrive once and in order, whatever the network does to messages.
 * What is lost is sent again; what comes twice or too early waits or goes.
 */
export class Lane {
  queuedBytes = 0;
  readonly #parts: LaneParts;
  readonly #early = new Map<number, Segment>();
  #sent = 0;
  #arrived = 0;
  onSegment: (segment: Segment) => void = () => undefined;

  constructor(parts: LaneParts) {
    this.#parts = parts;
  }

  send(segment: Segment): void {
    this.queuedBytes += bytesIn(segment);
    this.#carry(this.#sent++, segment);
  }

  #carry(number: number, segment: Segment): void {
    const { from, lifeline, network, to } = this.#parts;
    if (lifeline.signal.aborted) return;
    network.carry(from, to, {
      arrived: () => this.#arrive(number, segment),
      lost: () => this.#carry(number, segment),
    });
  }

  #arrive(number: number, segment: Segment): void {
    if (number < this.#arrived || this.#parts.lifeline.signal.aborted) return;
    this.#early.set(number, segment);
    for (;;) {
      const next = this.#early.get(this.#arrived);
      if (next === undefined) return;
      this.#early.delete(this.#arrived++);
      this.queuedBytes -= bytesIn(next);
      this.onSegment(next);
    }
  }
}

function bytesIn(segment: Segment): number {
  return segment === END ? 0 : segment.length;
}
