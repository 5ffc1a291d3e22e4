import { crc32c } from '@caisson/base';
import type { Applier, ApplyEntry, GroupApplier } from '@caisson/contracts';
import type { Life } from '@caisson/simulator';
import type { Trace } from '../trace/trace.js';
import type { Findings } from './findings.js';

/** Entries one node applied in a row: from its start, or from an installed state, on. */
interface Stretch {
  readonly node: string;
  readonly indexes: number[];
}

/** Sees every entry that any node applies, and holds all nodes to one history of them, without holes. */
export class Witness {
  /** What was applied at an index, for all nodes and all time. */
  readonly #history = new Map<number, string>();
  readonly #stretches = new Map<Life, Stretch>();
  readonly #all: Stretch[] = [];
  /** Who led each term. */
  readonly #leaders = new Map<number, string>();
  readonly #findings: Findings;
  readonly #trace: Trace;

  constructor(findings: Findings, trace: Trace) {
    this.#findings = findings;
    this.#trace = trace;
  }

  get entries(): number {
    return this.#history.size;
  }

  watch(node: string, life: Life, applier: Applier): Applier {
    const open: Applier['open'] = async (group) => {
      const sound = await applier.open(group);
      if (this.#stretches.get(life)?.indexes.length !== 0) this.#begin(node, life);
      const apply: GroupApplier['apply'] = (entry, batch) => {
        if (!life.isOver) this.#applied(life, entry);
        return sound.apply(entry, batch);
      };
      return { apply, written: () => sound.written() };
    };
    return { id: applier.id, opcodes: applier.opcodes, open };
  }

  leads(node: string, term: number): void {
    const other = this.#leaders.get(term) ?? node;
    if (other !== node) this.#findings.add('R1', `${node} and ${other} both lead term ${term}`);
    this.#leaders.set(term, node);
  }

  get terms(): number {
    return this.#leaders.size;
  }

  /** Looks for entries that one node applied and another, that went on behind them, did not. */
  judgeHoles(): void {
    const known = [...this.#history.keys()].sort((a, b) => a - b);
    for (const { node, indexes } of this.#all) {
      const [first = 0, last = 0] = [indexes[0], indexes.at(-1)];
      const expected = known.filter((index) => index >= first && index <= last);
      const missing = expected.filter((index) => !indexes.includes(index));
      if (missing.length > 0) this.#findings.add('R4', `${node} skipped ${missing.join(', ')}`);
    }
  }

  /** States that nodes installed while they ran. */
  installs = 0;

  #begin(node: string, life: Life): void {
    if (this.#stretches.has(life)) this.installs++;
    const stretch = { node, indexes: [] };
    this.#stretches.set(life, stretch);
    this.#all.push(stretch);
  }

  #applied(life: Life, { index, term, payload }: ApplyEntry): void {
    const { indexes, node } = this.#stretches.get(life)!;
    const what = `term ${term}, ${payload.length} bytes, ${crc32c(payload)}`;
    const before = this.#history.get(index) ?? what;
    this.#trace.note('applied', node, index, term, payload);
    if (before !== what) {
      this.#findings.add('R3', `${node} applied at ${index}: ${what}; others: ${before}`);
    }
    if (index <= (indexes.at(-1) ?? 0)) {
      this.#findings.add('R4', `${node} applied ${index} after ${indexes.at(-1)}`);
    }
    this.#history.set(index, what);
    indexes.push(index);
  }
}
