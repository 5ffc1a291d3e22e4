import type { Random } from '@caisson/contracts';

const ID_BYTES = 8;
const IDS_PER_DRAW = 64;

/**
 * 64 random bits for each proposal, drawn in blocks: a call to the system for every write would cost more
 * than the id.
 */
export class ProposalIds {
  readonly #random: Random;
  #block: DataView = new DataView(new ArrayBuffer(0));
  #at = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  next(): bigint {
    if (this.#at >= this.#block.byteLength) this.#draw();
    const id = this.#block.getBigUint64(this.#at);
    this.#at += ID_BYTES;
    return id;
  }

  #draw(): void {
    const bytes = this.#random.bytes(ID_BYTES * IDS_PER_DRAW);
    this.#block = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = 0;
  }
}
