/** What every kit's harness may do: free what it holds, once its case is over. */
export interface Harness {
  dispose?(): Promise<void> | void;
}

/**
 * A power that not every implementation or harness has. A case that needs one is skipped, with the reason,
 * where it is missing; a power that is claimed and not honoured fails.
 */
export interface Need<H> {
  /** One word, quotable in `lacks`. */
  readonly id: string;
  /** What is missing, for the one who reads why a case was skipped. */
  readonly what: string;
  isMet(harness: H): boolean;
}

/**
 * One promise of a contract, as data: the same case runs under Jest, in `caisson plugin verify`, and in the
 * simulator.
 *
 * `id` is stable and quotable in a bug report; `because` says what the rest of the system builds on the
 * promise, so that a failing kit teaches. Each case gets a harness of its own.
 */
export interface Case<H> {
  readonly id: string;
  readonly because: string;
  readonly needs?: Need<H>;
  run(harness: H): Promise<void>;
}

/** The cases of one contract. A contract without a kit, or with one implementation only, is a guess. */
export interface Kit<H extends Harness> {
  readonly id: string;
  /** Name of the token whose providers the kit examines. */
  readonly contract: string;
  readonly cases: readonly Case<H>[];
}

/** Makes the harness of one case: a fresh implementation with fresh content. */
export type HarnessFactory<H> = () => Promise<H> | H;
