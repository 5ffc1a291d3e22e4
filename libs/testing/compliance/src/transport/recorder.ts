import { toHex } from '@caisson/base';
import type { IncomingSnapshot, RaftReceiver } from '@caisson/contracts';

export interface HeardFrame {
  readonly group: number;
  readonly from: bigint;
  readonly frame: Uint8Array;
}

type Chunks = AsyncIterable<Uint8Array>;

/** Hears everything a transport delivers. What it says to questions and snapshots can be replaced. */
export class Recorder implements RaftReceiver {
  readonly frames: HeardFrame[] = [];
  readonly unreachable: bigint[] = [];
  readonly snapshots: IncomingSnapshot[] = [];
  readonly signals: AbortSignal[] = [];
  readonly #kept = new Map<string, Uint8Array[]>();

  answer = async (_from: bigint, question: Uint8Array, _signal: AbortSignal): Promise<Uint8Array> => question;

  take = async (chunks: Chunks, kept: Uint8Array[]): Promise<void> => {
    for await (const chunk of chunks) kept.push(chunk);
  };

  /** Frames of one group, in the order of their arrival. */
  in(group: number): readonly Uint8Array[] {
    return this.frames.filter((each) => each.group === group).map(({ frame }) => frame);
  }

  /** What is kept of the stream called `id`. */
  kept(id: Uint8Array): Uint8Array[] {
    const kept = this.#kept.get(toHex(id)) ?? [];
    this.#kept.set(toHex(id), kept);
    return kept;
  }

  onFrame(group: number, from: bigint, frame: Uint8Array): void {
    this.frames.push({ group, from, frame });
  }

  onUnreachable(peer: bigint): void {
    this.unreachable.push(peer);
  }

  onQuestion(from: bigint, question: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    return this.answer(from, question, signal);
  }

  async keptChunks({ id }: IncomingSnapshot): Promise<number> {
    return this.kept(id).length;
  }

  onSnapshot(snapshot: IncomingSnapshot, chunks: Chunks, signal: AbortSignal): Promise<void> {
    this.snapshots.push(snapshot);
    this.signals.push(signal);
    return this.take(chunks, this.kept(snapshot.id));
  }
}
