import { type Applier, type ApplierGroup, CaissonError } from '@caisson/contracts';
import { OpenAppliers, type OpenOwner } from './open-appliers.js';

const OPCODE_COUNT = 256;

interface Owner {
  readonly applier: Applier;
  readonly alone: boolean;
}

/**
 * Who applies which opcode. Known before anything is opened, so that a build whose appliers overlap never
 * starts and a payload that nobody could apply never reaches a log.
 */
export class OpcodeTable {
  readonly #appliers: readonly Applier[];
  readonly #owners: (Owner | undefined)[] = new Array<Owner | undefined>(OPCODE_COUNT).fill(undefined);

  /** `PLAN_INVALID` for an opcode with two owners and for a range that is none. */
  constructor(appliers: readonly Applier[]) {
    this.#appliers = appliers;
    for (const applier of appliers) this.#claim(applier);
  }

  owns(opcode: number | undefined): boolean {
    return opcode !== undefined && this.#owners[opcode] !== undefined;
  }

  /**
   * Opens every applier for one group. There is nothing to undo when one of them refuses: they hold no
   * resources.
   */
  async open(group: ApplierGroup): Promise<OpenAppliers> {
    const opened = new Map<Applier, OpenOwner['applier']>();
    for (const applier of this.#appliers) opened.set(applier, await applier.open(group));
    const owners = this.#owners.map((owner) =>
      owner === undefined ? undefined : { alone: owner.alone, applier: opened.get(owner.applier)! },
    );
    return new OpenAppliers(owners, [...opened.values()]);
  }

  #claim(applier: Applier): void {
    for (const { first, last, alone } of applier.opcodes) {
      if (
        !(
          Number.isInteger(first) &&
          Number.isInteger(last) &&
          0 <= first &&
          first <= last &&
          last < OPCODE_COUNT
        )
      ) {
        throw new CaissonError('PLAN_INVALID', {
          applier: applier.id,
          first,
          last,
          problem: 'no range of opcodes',
        });
      }
      for (let opcode = first; opcode <= last; opcode++) {
        const other = this.#owners[opcode];
        if (other !== undefined) {
          throw new CaissonError('PLAN_INVALID', {
            opcode,
            owners: [other.applier.id, applier.id],
            problem: 'an opcode has two owners',
          });
        }
        this.#owners[opcode] = { applier, alone };
      }
    }
  }
}
