/**
 * What a history of lists shows that no serial order could.
 *
 * Those up to `lost-append` are seen without a graph: a read of what was refused (`G1a`), of a list between
 * two appends of one transaction (`G1b`), of an element that nobody appended, of one element twice, of a list
 * in two orders; a transaction that does not see its own appends; a committed element behind one that was
 * refused; an acknowledged element that no later read has. The others are cycles: of writes over writes
 * (`G0`), of these and reads of what was written (`G1c`), with one read of what was then written over
 * (`G-single`), with several (`G2`). `-realtime` says that the cycle closes over two transactions of which
 * one was answered before the other was called.
 */
export type AnomalyKind =
  | 'G1a'
  | 'G1b'
  | 'unwritten'
  | 'duplicate'
  | 'incompatible-order'
  | 'internal'
  | 'dirty-update'
  | 'lost-append'
  | CycleKind
  | `${CycleKind}-realtime`;

export type CycleKind = 'G0' | 'G1c' | 'G-single' | 'G2';

export interface Anomaly {
  readonly kind: AnomalyKind;
  /** What transactions did, and why that cannot be. */
  readonly story: string;
}
