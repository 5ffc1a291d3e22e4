import { crc32c } from '@caisson/base';
import type { Applier, ApplyEntry, ApplyOutcome, Clock, GroupApplier } from '@caisson/contracts';
import type { Life } from '@caisson/simulator';
import type { Trace } from '../trace/trace.js';
import type { CommittedLog } from './committed.js';
import type { Findings } from './findings.js';
import type { Lineage } from './lineage.js';
import type { Rows } from './rows.js';

/** Entries one node applied in a row: from its start, or from an installed state, on. */
interface Stretch {
  readonly node: string;
  readonly indexes: number[];
}

/** What stands beside the witness; not all of it is there when the witness is made. */
export interface WitnessParts {
  readonly findings: Findings;
  readonly clock: Clock;
  readonly committed: CommittedLog;
  readonly lineage: Lineage;
  readonly rows: Rows;
}

/** Sees every entry that any node applies, and holds all nodes to one history of them, without holes. */
export class Witness {
  /** What was applied at an index, for all nodes and all time. */
  readonly #history = new Map<number, string>();
  readonly #stretches = new Map<Life, Stretch>();
  readonly #all: Stretch[] = [];
  /** Who led each term. */
  readonly #leaders = new Map<number, string>();
  readonly #around: WitnessParts;
  readonly #findings: Findings;
  readonly #trace: Trace;

  constructor(around: WitnessParts, trace: Trace) {
    this.#around = around;
    this.#findings = around.findings;
    this.#trace = trace;
  }

  get entries(): number {
    return this.#history.size;
  }

  watch(node: string, life: Life, applier: Applier): Applier {
    const open: Applier['open'] = async (group) => {
      const sound = await applier.open(group);
      // Opened again by the same process: over a state that it installed.
      const opened = this.#opened.get(life) ?? new Set();
      this.#opened.set(life, opened);
      if (opened.has(applier.id)) {
        this.#installers.add(node);
        this.#halted.delete(node);
      }
      opened.add(applier.id);
      if (this.#stretches.get(life)?.indexes.length !== 0) this.#begin(node, life);
      const apply: GroupApplier['apply'] = (entry, batch) => {
        if (life.isOver) return sound.apply(entry, batch);
        this.#applied(life, entry);
        const outcome = sound.apply(entry, batch);
        if (!(outcome instanceof Promise)) return this.#cameTo(entry, outcome);
        return outcome.then((settled) => this.#cameTo(entry, settled));
      };
      return { apply, written: () => sound.written() };
    };
    return { id: applier.id, opcodes: applier.opcodes, open };
  }

  leads(node: string, term: number): void {
    const other = this.#leaders.get(term) ?? node;
    this.#findings.saw('R1', this.#leaders.has(term));
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
  readonly #installers = new Set<string>();
  /** Appliers that a process has opened. */
  readonly #opened = new Map<Life, Set<string>>();
  /** Where nodes halted that have not gone on yet: the entry that they could not apply. */
  readonly #halted = new Map<string, number>();

  /** Whether the node has ever taken a state from another one. */
  hasInstalled(node: string): boolean {
    return this.#installers.has(node);
  }

  halted(node: string, index: number): void {
    this.#halted.set(node, index);
  }

  /** It is sent a state, or has another disk: where it goes on is not known. */
  mayGoOnElsewhere(node: string): void {
    this.#halted.delete(node);
  }

  #judgeHalt(node: string, index: number): void {
    const halted = this.#halted.get(node);
    if (halted === undefined) return;
    this.#halted.delete(node);
    this.#findings.saw('E9');
    if (index > halted)
      this.#findings.add('E9', `${node} could not apply ${halted}, and goes on with ${index}`);
  }

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
    this.#findings.saw('R3', this.#history.has(index));
    this.#findings.saw('R4', indexes.length > 0);
    if (before !== what) {
      this.#findings.add('R3', `${node} applied at ${index}: ${what}; others: ${before}`);
    }
    if (index <= (indexes.at(-1) ?? 0)) {
      this.#findings.add('R4', `${node} applied ${index} after ${indexes.at(-1)}`);
    }
    this.#history.set(index, what);
    indexes.push(index);
    this.#judgeSeal(node, index, term);
    this.#judgeHalt(node, index);
  }

  /** Behind the cutover of the log nothing is applied that lay there in clear. */
  #judgeSeal(node: string, index: number, term: number): void {
    const { lineage, rows } = this.#around;
    const isBehind = rows.raftCutover > 0 && index > rows.raftCutover;
    this.#findings.saw('E11', isBehind);
    if (isBehind && !lineage.isSealed(index, term)) {
      this.#findings.add('E11', `${node} applied ${index}, which lies in clear behind ${rows.raftCutover}`);
    }
  }

  #cameTo(entry: ApplyEntry, outcome: ApplyOutcome): ApplyOutcome {
    const { clock, committed } = this.#around;
    committed.applied(entry, outcome, clock.monotonicMs());
    return outcome;
  }
}
