import type { OutgoingSnapshot } from '@caisson/contracts';
import type { SnapshotCut } from '../network/link.js';
import { forever } from './passage.js';

/** A snapshot whose connection ends once it has sent so many thousandths of the whole stream. */
export class BrokenOff implements OutgoingSnapshot {
  readonly #sound: OutgoingSnapshot;
  readonly #cut: SnapshotCut;
  readonly #breakOff: () => void;

  constructor(sound: OutgoingSnapshot, cut: SnapshotCut, breakOff: () => void) {
    this.#sound = sound;
    this.#cut = cut;
    this.#breakOff = breakOff;
  }

  get id(): Uint8Array {
    return this.#sound.id;
  }

  get frame(): Uint8Array {
    return this.#sound.frame;
  }

  /** The piece in which it breaks off does not arrive; a stream that is resumed behind it is whole. */
  async *chunks(first: number): AsyncGenerator<Uint8Array> {
    const sizes: number[] = [];
    for await (const { length } of this.#sound.chunks(0)) sizes.push(length);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const limit = Math.floor((total * this.#cut.permille) / 1000);
    let sent = sizes.slice(0, first).reduce((sum, size) => sum + size, 0);
    const isBehind = sent > limit;
    for await (const chunk of this.#sound.chunks(first)) {
      sent += chunk.length;
      if (!isBehind && sent > limit) {
        this.#cut.onCut();
        this.#breakOff();
        return forever<never>();
      }
      yield chunk;
    }
  }
}
