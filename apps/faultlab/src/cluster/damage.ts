import type { ErrorCode } from '@caisson/contracts';
import type { Finding } from '../oracles/rules.js';

/** What a node says of a disk that is at fault. */
export const DISK_CODES: readonly ErrorCode[] = [
  'DISK_ERROR',
  'DISK_FULL',
  'DISK_READ_ONLY',
  'CORRUPTION',
  'UNSUPPORTED_FILESYSTEM',
  'STORE_CLOSED',
  'SIDECAR_CORRUPT',
  'SIDECAR_BEHIND_RAFT_LOG',
  'SIDECAR_GAP',
  'LOCAL_EPOCH_ROLLBACK',
  'KEK_BLOB_CORRUPT',
  'SNAPSHOT_INVALID',
];

/** Holds for every cluster, whatever becomes of its disks. */
const ALWAYS: ReadonlySet<string> = new Set(['E1', 'E5', 'E6', 'E8', 'H1', 'H5', 'H8', 'H9']);

/**
 * What storms did to disks for good, and what may still be asked of the cluster.
 *
 * A spoiled disk is noticed by its node, which then refuses to start and is left out. A disk that forgot what
 * its node promised to others is noticed by nobody: like more spoiled disks than a minority it is beyond
 * what a quorum can mend. Then no value may be wrong or seen and no nonce may repeat, and errors must be
 * typed; nothing else is asked.
 */
export class Damage {
  readonly #spoiled = new Set<string>();
  readonly #forgetful = new Set<string>();

  spoil(name: string): void {
    this.#spoiled.add(name);
  }

  forgets(name: string): void {
    this.#forgetful.add(name);
  }

  isSpoiled(name: string): boolean {
    return this.#spoiled.has(name) || this.#forgetful.has(name);
  }

  get isAny(): boolean {
    return this.#spoiled.size + this.#forgetful.size > 0;
  }

  isBeyond(voters: number): boolean {
    return this.#forgetful.size > 0 || this.#spoiled.size > (voters - 1) >> 1;
  }

  /** What counts of what was found. */
  judged(findings: readonly Finding[], voters: number): readonly Finding[] {
    if (!this.isBeyond(voters)) return findings;
    const isUntyped = ({ rule, text }: Finding) => rule === 'L5' && text.includes('INTERNAL');
    return findings.filter((finding) => ALWAYS.has(finding.rule) || isUntyped(finding));
  }
}
