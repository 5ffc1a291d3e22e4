import { decodeCommand, decodeCommands, OPCODES } from '@caisson/formats';
import { nameOf } from './client-calls.js';
import type { EntryRecord } from './record.js';
import type { TracePart } from './trace.js';

type Writes = EntryRecord['writes'];

/** Where and when an entry was applied. */
export interface Applied {
  readonly node: string;
  readonly atMs: number;
  readonly index: number;
  readonly term: number;
}

/** What was in the log, and when each node applied it first. */
export class Entries {
  readonly #all = new Map<number, { -readonly [Name in keyof EntryRecord]: EntryRecord[Name] }>();

  get all(): readonly EntryRecord[] {
    return [...this.#all.values()].sort((a, b) => a.index - b.index);
  }

  applied({ atMs, index, node, term }: Applied, payload: TracePart | undefined): void {
    const known = this.#all.get(index);
    const writes = known?.writes ?? (payload instanceof Uint8Array ? writesIn(payload) : []);
    const entry = known ?? { index, term, writes, appliedAtMs: {} };
    entry.appliedAtMs[node] ??= atMs;
    this.#all.set(index, entry);
  }
}

function writesIn(payload: Uint8Array): Writes {
  if (payload[0] !== OPCODES.command && payload[0] !== OPCODES.commandBatch) return [];
  const commands = decodeCommands(payload).map(decodeCommand);
  return commands.flatMap((command) => {
    if (command.kind === 'floor') return [];
    return command.mutations.flatMap((mutation) => {
      if (mutation.op === 'deletePrefix') return [];
      const value = mutation.op === 'put' ? { value: nameOf(mutation.value) } : {};
      return [{ key: nameOf(mutation.key), ...value }];
    });
  });
}
