import { concatBytes, copyBytes } from '@caisson/base';
import type { Lifeline } from '../network/lifeline.js';
import type { Port } from '../network/port.js';
import { END, type Lane } from './lane.js';
import type { Connection } from './wire.js';

/** Any odd number: where a segment is cut must not follow from where messages begin. */
const STRIDE = 7919;

export interface EndParts {
  readonly port: Port;
  readonly remote: string;
  readonly lifeline: Lifeline;
  readonly out: Lane;
  readonly incoming: Lane;
  /** Looks at what is written. */
  readonly onWrite: (bytes: Uint8Array) => void;
}

/** One end of a connection, as the process there has it; once that process is over nothing comes of it. */
export class ConnectionEnd implements Connection {
  readonly remote: string;
  readonly #parts: EndParts;
  readonly #ended = new AbortController();
  #pieces: Uint8Array[] = [];
  #wake: (() => void) | undefined;
  #isClosed = false;
  #isOver = false;
  #received = 0;

  constructor(parts: EndParts) {
    const { incoming, lifeline, port, remote } = parts;
    this.#parts = parts;
    this.remote = remote;
    const finish = (): void => port.run(() => void (port.isAlive && this.#finish()));
    if (lifeline.signal.aborted) finish();
    lifeline.signal.addEventListener('abort', finish, { once: true });
    incoming.onSegment = (segment) => {
      if (segment !== END) this.#take(segment);
      else lifeline.end();
    };
  }

  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  get queuedBytes(): number {
    return this.#parts.out.queuedBytes;
  }

  write(bytes: Uint8Array): void {
    if (this.#isClosed || this.#isOver || bytes.length === 0) return;
    this.#parts.onWrite(bytes);
    this.#parts.out.send(copyBytes(bytes));
  }

  async *pieces(): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      const piece = this.#next();
      if (piece !== undefined) yield piece;
      else if (this.#isOver) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  close(): void {
    if (this.#isClosed || this.#isOver) return;
    this.#isClosed = true;
    this.#parts.out.send(END);
  }

  /** A segment comes in two pieces, unless its reader is behind: then with all that came meanwhile. */
  #take(segment: Uint8Array): void {
    this.#received += segment.length;
    const cut = ((this.#received + 1) * STRIDE) % segment.length;
    for (const piece of [segment.subarray(0, cut), segment.subarray(cut)]) {
      if (piece.length > 0) this.#pieces.push(piece);
    }
    this.#stir();
  }

  #next(): Uint8Array | undefined {
    const [first] = this.#pieces;
    if (this.#pieces.length <= 2) return this.#pieces.shift();
    const all = concatBytes(...this.#pieces);
    this.#pieces = [];
    return first && all;
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ended.abort();
    this.#stir();
  }

  #stir(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
