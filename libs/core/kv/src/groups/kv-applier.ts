import type {
  Applier,
  ApplierGroup,
  ApplyEntry,
  ApplyOutcome,
  GroupApplier,
  OpcodeRange,
  Store,
  StoreBatch,
} from '@caisson/contracts';
import {
  type CommandOutcome,
  decodeCommand,
  decodeCommands,
  decodeHlcCeiling,
  decodeTimestampRow,
  encodeCommandResults,
  encodeTimestampRow,
  OPCODES,
  payloadOpcode,
  SYSTEM_KEYS,
} from '@caisson/formats';
import { EMPTY_BYTES } from '@caisson/base';
import { VersionWriter } from '@caisson/mvcc';
import type { KvGroups } from './kv-groups.js';

/** Applies commands, batches of commands and clock ceilings. */
export class KvApplier implements Applier {
  readonly id = 'kv';
  readonly opcodes: readonly OpcodeRange[] = [
    { first: OPCODES.command, last: OPCODES.hlcCeiling, alone: false },
  ];
  readonly #groups: KvGroups;

  constructor(groups: KvGroups) {
    this.#groups = groups;
  }

  async open({ id, store }: ApplierGroup): Promise<GroupApplier> {
    const writer = await VersionWriter.open(store);
    const ceilingMs = await readCeiling(store);
    this.#groups.open(id, { lastCommitTs: writer.rows.lastCommitTs, ceilingMs });
    return new KvGroupApplier({ id, writer, ceilingMs, groups: this.#groups });
  }
}

class KvGroupApplier implements GroupApplier {
  readonly #id: number;
  readonly #writer: VersionWriter;
  readonly #groups: KvGroups;
  #ceilingMs: bigint;

  constructor(parts: { id: number; writer: VersionWriter; groups: KvGroups; ceilingMs: bigint }) {
    this.#id = parts.id;
    this.#writer = parts.writer;
    this.#groups = parts.groups;
    this.#ceilingMs = parts.ceilingMs;
  }

  apply({ payload }: ApplyEntry, batch: StoreBatch): Promise<ApplyOutcome> | ApplyOutcome {
    if (payloadOpcode(payload) === OPCODES.hlcCeiling)
      return this.#raiseCeiling(decodeHlcCeiling(payload), batch);
    const outcomes = this.#writer.apply(decodeCommands(payload).map(decodeCommand), batch);
    return outcomes instanceof Promise ? outcomes.then((all) => this.#applied(all)) : this.#applied(outcomes);
  }

  written(): void {
    this.#writer.written();
  }

  #applied(outcomes: readonly CommandOutcome[]): ApplyOutcome {
    this.#groups.get(this.#id).hlc.observe(this.#writer.rows.lastCommitTs);
    return { kind: 'applied', result: encodeCommandResults(outcomes) };
  }

  /** A ceiling never falls. */
  #raiseCeiling(ceilingMs: bigint, batch: StoreBatch): ApplyOutcome {
    if (ceilingMs > this.#ceilingMs) {
      this.#ceilingMs = ceilingMs;
      batch.put(SYSTEM_KEYS.hlcCeiling, encodeTimestampRow(ceilingMs));
      this.#groups.raiseCeiling(this.#id, ceilingMs);
    }
    return { kind: 'applied', result: EMPTY_BYTES };
  }
}

async function readCeiling(store: Store): Promise<bigint> {
  const row = await store.get(SYSTEM_KEYS.hlcCeiling);
  return row === undefined ? 0n : decodeTimestampRow(row);
}
