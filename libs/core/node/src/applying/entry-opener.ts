import { CaissonError, type GroupApplier, type GroupEncryption, type LogEntry } from '@caisson/contracts';
import type { OpenAppliers } from './open-appliers.js';

/** An entry ready to be applied. `alone` ones end the batch before them and share theirs with nothing. */
export type OpenedEntry =
  | { readonly kind: 'empty'; readonly alone: false; readonly proposalId: bigint }
  | {
      readonly kind: 'refused';
      readonly alone: false;
      readonly proposalId: bigint;
      readonly error: CaissonError;
    }
  | { readonly kind: 'membership'; readonly alone: true; readonly proposalId: bigint }
  | {
      readonly kind: 'payload';
      readonly alone: boolean;
      readonly proposalId: bigint;
      readonly payload: Uint8Array;
      readonly applier: GroupApplier;
    };

const EMPTY: OpenedEntry = Object.freeze({ kind: 'empty', alone: false, proposalId: 0n });
const MEMBERSHIP: OpenedEntry = Object.freeze({ kind: 'membership', alone: true, proposalId: 0n });

export interface EntryOpenerParts {
  readonly encryption: Pick<GroupEncryption, 'openProposal'>;
  readonly appliers: OpenAppliers;
  /** Whether this engine has changes of membership. */
  readonly takesMembership: boolean;
}

/**
 * From a committed entry to a payload and the applier that owns it.
 *
 * An entry that had to wait because it is applied alone is not opened twice: opening sealed bytes costs, and
 * the encryption layer may count what it opened.
 */
export class EntryOpener {
  readonly #parts: EntryOpenerParts;
  #last: { readonly entry: LogEntry; readonly opened: OpenedEntry } | undefined;

  constructor(parts: EntryOpenerParts) {
    this.#parts = parts;
  }

  /** Throws what must halt the group. */
  open(entry: LogEntry): OpenedEntry {
    if (this.#last?.entry === entry) return this.#last.opened;
    const opened = this.#open(entry);
    this.#last = opened.alone ? { entry, opened } : undefined;
    return opened;
  }

  #open({ index, term, kind, data }: LogEntry): OpenedEntry {
    const { appliers, encryption, takesMembership } = this.#parts;
    if (kind !== 'normal' && takesMembership) return MEMBERSHIP;
    if (kind !== 'normal') {
      throw new CaissonError('ENTRY_MALFORMED', {
        kind,
        problem: 'this engine has no changes of membership',
      });
    }
    if (data.length === 0) return EMPTY;
    const opened = encryption.openProposal({ index, term }, data);
    const { proposalId } = opened;
    if (opened.kind === 'refused') return { kind: 'refused', alone: false, proposalId, error: opened.error };
    const { payload } = opened;
    const { alone, applier } = appliers.ownerOf(payload);
    return { kind: 'payload', alone, proposalId, payload, applier };
  }
}
