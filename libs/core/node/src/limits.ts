/**
 * How much of the log shares one store batch. A batch ends at whichever comes first, and has one entry at
 * least.
 */
export interface ApplyLimits {
  readonly entries: number;
  readonly bytes: number;
}

/** What one group holds for proposers at a time, from the call to the answer. */
export interface ProposalLimits {
  readonly count: number;
  readonly bytes: number;
  /** The longest payload that is taken at all. */
  readonly payloadBytes: number;
}

const MEBIBYTE = 1024 * 1024;

export const DEFAULT_APPLY_LIMITS: ApplyLimits = Object.freeze({ entries: 256, bytes: MEBIBYTE });

/**
 * The payload limit leaves room for the largest value a configuration may allow, with its key and framing.
 */
export const DEFAULT_PROPOSAL_LIMITS: ProposalLimits = Object.freeze({
  count: 4096,
  bytes: 64 * MEBIBYTE,
  payloadBytes: 66 * MEBIBYTE,
});
