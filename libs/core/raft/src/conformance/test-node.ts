import { MemoryStorage } from '../log/memory-storage.js';
import { decodeConfChange } from '../message/conf-change.js';
import type { Entry } from '../message/entry.js';
import type { Message } from '../message/message.js';
import { type HardState, isEmptyHardState, type Snapshot } from '../message/state.js';
import type { RaftOptions } from '../node/options.js';
import { RawNode } from '../ready/raw-node.js';
import { ScriptError } from './directive.js';

/** Sends the applied state as of now instead of what was stored last. */
class ScriptStorage extends MemoryStorage {
  constructor(readonly latest: () => Snapshot) {
    super();
  }

  override snapshot(): Snapshot {
    return this.latest();
  }
}

export interface StorageWork {
  readonly hardState: HardState | undefined;
  readonly entries: readonly Entry[];
  readonly snapshot: Snapshot | undefined;
}

/**
 * A node of a script with its disk, its queues of storage work, and an application that concatenates data.
 */
export class TestNode {
  readonly raw: RawNode;
  readonly storage: ScriptStorage;
  readonly appendWork: Message[] = [];
  readonly applyWork: Message[] = [];
  readonly history: Snapshot[];

  constructor(options: Omit<RaftOptions, 'storage'>, origin: Snapshot) {
    this.history = [origin];
    this.storage = new ScriptStorage(() => this.history.at(-1)!);
    if (origin.index > 0) this.storage.applySnapshot(origin);
    this.raw = new RawNode({ ...options, storage: this.storage });
  }

  write({ hardState, entries, snapshot }: StorageWork): void {
    if (hardState !== undefined && !isEmptyHardState(hardState)) this.storage.setHardState(hardState);
    if (snapshot === undefined) {
      this.storage.append(entries);
      return;
    }
    if (entries.length > 0) throw new ScriptError("can't apply snapshot and entries at the same time");
    if (this.storage.applySnapshot(snapshot) === 'out-of-date') {
      throw new ScriptError('requested index is older than the existing snapshot');
    }
  }

  apply(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const before = this.history.at(-1)!;
      const change = decodeConfChange(entry);
      const update = change?.context ?? entry.data;
      const confState = (change && this.raw.applyConfChange(change, entry.index)) ?? before.confState;
      const data = new Uint8Array([...before.data, ...update]);
      this.history.push({ data, index: entry.index, term: entry.term, confState });
    }
  }
}
