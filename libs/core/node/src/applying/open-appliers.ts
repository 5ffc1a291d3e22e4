import { CaissonError, type GroupApplier } from '@caisson/contracts';

export interface OpenOwner {
  readonly alone: boolean;
  readonly applier: GroupApplier;
}

/** The appliers of one group, found by opcode. */
export class OpenAppliers {
  readonly #owners: readonly (OpenOwner | undefined)[];
  readonly #all: readonly GroupApplier[];

  constructor(owners: readonly (OpenOwner | undefined)[], all: readonly GroupApplier[]) {
    this.#owners = owners;
    this.#all = all;
  }

  /** `ENTRY_MALFORMED` for a payload without an opcode, `OPCODE_UNOWNED` for one that nobody owns. */
  ownerOf(payload: Uint8Array): OpenOwner {
    const opcode = payload[0];
    if (opcode === undefined)
      throw new CaissonError('ENTRY_MALFORMED', { field: 'opcode', problem: 'is missing' });
    const owner = this.#owners[opcode];
    if (owner === undefined) throw new CaissonError('OPCODE_UNOWNED', { opcode });
    return owner;
  }

  /** The batch is in the store: what appliers remembered in its place can go. */
  written(): void {
    for (const applier of this.#all) applier.written();
  }
}
