import type { LogEntry, StoreBatch } from '@caisson/contracts';

/** Puts committed changes of membership in force. */
export interface MembershipApplier {
  /**
   * Adds the membership from then on to the batch, which the loop writes synced with the applied index.
   * `overtaken`, and nothing happened, if a snapshot that goes beyond the entry has arrived. Throws what must
   * halt the group.
   */
  apply(entry: LogEntry, batch: StoreBatch): { readonly proposalId: bigint } | 'overtaken';
}
