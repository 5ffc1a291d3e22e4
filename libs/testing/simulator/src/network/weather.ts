/** What the way from one node to another does to messages. Chances are in thousandths. */
export interface Weather {
  /** Milliseconds on the way: at least, and less than. */
  readonly latencyMs: readonly [from: number, below: number];
  /** Never arrives; whoever sent it is told, late. */
  readonly lost: number;
  /** Arrives a second time, which no transport may do: Raft stands it all the same. */
  readonly repeated: number;
  /** Takes several times as long, and is overtaken by what follows. */
  readonly overtaken: number;
}

/** What a transport promises, and no surprise beyond. */
export const CALM: Weather = { latencyMs: [1, 2], lost: 0, repeated: 0, overtaken: 0 };

/** A bad day of a network that works. */
export const ROUGH: Weather = { latencyMs: [1, 15], lost: 20, repeated: 10, overtaken: 30 };
