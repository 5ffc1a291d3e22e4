import type { Random } from '@caisson/contracts';
import type { Weather } from './weather.js';

/** How much later than others a message arrives that is overtaken. */
const DETOUR = 8;

const LATELY_MAX = 32;

/** A frame as a link remembers it. */
export interface LinkFrame {
  readonly group: number;
  readonly from: bigint;
  readonly bytes: Uint8Array;
}

/** Where a stream breaks off, and who is told when it does. */
export interface SnapshotCut {
  readonly permille: number;
  readonly onCut: () => void;
}

/** The way from one node to another, and what it does to what is sent along it. */
export class Link {
  weather: Weather;
  isCut = false;
  /** Cut, and nobody is told: both ends take their connection for a good one. */
  isSilent = false;
  /** Who is to hear, once somebody can say so, that what they sent was lost on the silent link. */
  readonly hanging: (() => void)[] = [];
  /** So many of the next messages arrive with other bytes than they were sent with; each is told when. */
  readonly flips: (() => void)[] = [];
  /** Rises with each connection that broke for it: what was sent on an older one is lost. */
  connection = 0;
  /** The next stream of a snapshot breaks off behind so many thousandths of its bytes. */
  snapshotCut: SnapshotCut | undefined;
  /** The last frames that went along it, oldest first. */
  readonly lately: LinkFrame[] = [];
  readonly #random: Random;
  #lastArrivalMs = 0;

  constructor(weather: Weather, random: Random) {
    this.weather = weather;
    this.#random = random;
  }

  remember(frame: LinkFrame): void {
    this.lately.push(frame);
    if (this.lately.length > LATELY_MAX) this.lately.shift();
  }

  /** When a message sent at `nowMs` arrives: never, once, or twice. */
  arrivals(nowMs: number): readonly number[] {
    const { lost, repeated } = this.weather;
    if (this.isCut || this.#happens(lost)) return [];
    const first = this.#arrival(nowMs);
    return this.#happens(repeated) ? [first, this.#arrival(nowMs)] : [first];
  }

  /** Where the stream that begins now breaks off, if anywhere. */
  takeSnapshotCut(): SnapshotCut | undefined {
    const cut = this.snapshotCut;
    this.snapshotCut = undefined;
    return cut;
  }

  #arrival(nowMs: number): number {
    const [from, below] = this.weather.latencyMs;
    const latencyMs = from + this.#random.integer(Math.max(below - from, 1));
    if (this.#happens(this.weather.overtaken)) return nowMs + latencyMs * DETOUR;
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, nowMs + latencyMs);
    return this.#lastArrivalMs;
  }

  #happens(chance: number): boolean {
    return chance > 0 && this.#random.integer(1000) < chance;
  }
}
