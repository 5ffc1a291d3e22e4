import { raftFrameBytes, type RaftFrame } from '@caisson/formats';

export interface QueueLimits {
  readonly queueFramesMax: number;
  readonly queueBytesMax: number;
}

/** Frames that wait for one peer, in order and within bounds. */
export class FrameQueue {
  #frames: RaftFrame[] = [];
  #next = 0;
  #bytes = 0;

  constructor(private readonly limits: QueueLimits) {}

  get length(): number {
    return this.#frames.length - this.#next;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** False when there is no room. A queue that is empty takes a frame of any size. */
  push(frame: RaftFrame): boolean {
    const bytes = this.#bytes + raftFrameBytes(frame.frame);
    const { queueFramesMax, queueBytesMax } = this.limits;
    if (this.length >= queueFramesMax || (this.length > 0 && bytes > queueBytesMax)) return false;
    this.#frames.push(frame);
    this.#bytes = bytes;
    return true;
  }

  /** Takes frames from the front that fit `bytesMax` together, and at least one if there is any. */
  take(bytesMax: number): readonly RaftFrame[] {
    const first = this.#next;
    let bytes = 0;
    for (; this.#next < this.#frames.length; this.#next++) {
      const more = raftFrameBytes(this.#frames[this.#next]!.frame);
      if (this.#next > first && bytes + more > bytesMax) break;
      bytes += more;
    }
    const taken = this.#frames.slice(first, this.#next);
    this.#bytes -= bytes;
    this.#release();
    return taken;
  }

  /** Forgets all frames and says how many there were. */
  clear(): number {
    const { length } = this;
    this.#frames = [];
    this.#next = 0;
    this.#bytes = 0;
    return length;
  }

  /** Lets go of what was taken once it is at least half of the array. */
  #release(): void {
    if (this.#next * 2 < this.#frames.length) return;
    this.#frames = this.#frames.slice(this.#next);
    this.#next = 0;
  }
}
