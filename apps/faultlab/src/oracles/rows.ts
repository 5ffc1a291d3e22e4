import { equalBytes, startsWith, toHex } from '@caisson/base';
import { override } from '@caisson/compliance';
import type { UntrustedStore, UntrustedStores, WritableBatch } from '@caisson/contracts';
import {
  decodeIndexRow,
  decodeKeyState,
  decodeVersionKey,
  decodeWriterRegistryKey,
  decodeWriterRow,
  EMPTY_KEY_STATE,
  envelopeKeyId,
  type KeyState,
  splitValue,
  SYSTEM_KEYS,
  systemKey,
  TABLE,
  writerRegistryPrefix,
} from '@caisson/formats';
import type { Machine } from '../cluster/machine.js';
import type { EpochWatch } from './epochs.js';
import type { Findings } from './findings.js';

const REGISTRY = systemKey(writerRegistryPrefix());

/** What a node's store holds, as far as it is looked at. */
interface Shelf {
  applied: number;
  keys: KeyState;
  readonly writers: Map<string, number>;
  /** Batches, of this run of the node and of all before it. */
  writes: number;
}

interface Write {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/**
 * Reads over the shoulder of every store what its rows say about keys, writers and positions, and holds all
 * nodes to one history of them.
 */
export class Rows {
  /** Whether some node has applied both cutovers. */
  isSealing = false;
  readonly #findings: Findings;
  readonly #epochs: Pick<EpochWatch, 'judgeState'>;
  readonly #shelves = new Map<string, Shelf>();
  /** By key and short id, who has it; by key id, the check value; by name of the cutover, its index. */
  readonly #owners = new Map<string, bigint>();
  readonly #checks = new Map<number, string>();
  readonly #cutovers = new Map<string, number>();

  constructor(findings: Findings, epochs: Pick<EpochWatch, 'judgeState'>) {
    this.#findings = findings;
    this.#epochs = epochs;
  }

  /** The index behind which log entries are sealed, as far as any node has said; 0 for none. */
  get raftCutover(): number {
    return this.#cutovers.get('raft') ?? 0;
  }

  forget(node: string): void {
    this.#shelves.delete(node);
  }

  /** A process that has just been started as it must not be: over keys it refuses, and writes nothing. */
  mustRefuse({ name, process }: Machine): void {
    const { keys, writes } = this.#shelf(name);
    const isKeyed = keys.keys.length > 0;
    this.#findings.saw('E19', isKeyed && process !== undefined);
    if (!isKeyed || process === undefined) return;
    void process.ready.then(
      () => this.#findings.add('E19', `${name} serves what is encrypted with encryption off`),
      () => {
        const wrote = this.#shelf(name).writes - writes;
        if (wrote > 0) this.#findings.add('E19', `${name} refused to start, and wrote ${wrote} times`);
      },
    );
  }

  /** `path` is that of the store in use; stores beside it are on their way to be. */
  stores(node: string, path: string, sound: UntrustedStores): UntrustedStores {
    const open: UntrustedStores['open'] = async (...args) => {
      const store = await sound.open(...args);
      if (args[0] !== path) return store;
      await this.#opened(node, store);
      return override(store, { batch: () => this.#batch(node, store.batch()) });
    };
    return override(sound, { open });
  }

  async #opened(node: string, store: UntrustedStore): Promise<void> {
    const [applied, keys] = [
      await store.get(SYSTEM_KEYS.appliedIndex),
      await store.get(SYSTEM_KEYS.keyState),
    ];
    const shelf = this.#shelf(node);
    shelf.applied = applied === undefined ? 0 : decodeIndexRow(applied);
    shelf.keys = keys === undefined ? EMPTY_KEY_STATE : decodeKeyState(keys);
    this.#judgeKeys(node, EMPTY_KEY_STATE, shelf.keys);
  }

  #batch(node: string, sound: WritableBatch): WritableBatch {
    const rows: Write[] = [];
    const gone: Uint8Array[] = [];
    const seen: WritableBatch = override(sound, {
      put: (key, value) => {
        rows.push({ key, value });
        sound.put(key, value);
        return seen;
      },
      delete: (key) => {
        gone.push(key);
        sound.delete(key);
        return seen;
      },
      write: (options) => {
        this.#writes(node, rows, gone);
        return sound.write(options);
      },
    });
    return seen;
  }

  #writes(node: string, rows: readonly Write[], gone: readonly Uint8Array[]): void {
    const shelf = this.#shelf(node);
    shelf.writes++;
    const before = shelf.keys;
    for (const { key, value } of rows) {
      if (key[0] === TABLE.system) this.#system(node, shelf, { key, value });
    }
    for (const key of gone) if (startsWith(key, REGISTRY)) shelf.writers.delete(toHex(key));
    for (const { key, value } of rows) {
      if (key[0] === TABLE.versions) this.#version(node, [before, shelf.keys], { key, value });
    }
  }

  #system(node: string, shelf: Shelf, { key, value }: Write): void {
    if (equalBytes(key, SYSTEM_KEYS.appliedIndex)) {
      const applied = decodeIndexRow(value);
      this.#findings.saw('R8', shelf.applied > 0);
      if (applied < shelf.applied)
        this.#findings.add('R8', `${node} applied ${applied} after ${shelf.applied}`);
      shelf.applied = applied;
    } else if (equalBytes(key, SYSTEM_KEYS.keyState)) {
      const keys = decodeKeyState(value);
      this.#judgeKeys(node, shelf.keys, keys);
      this.#epochs.judgeState(node, keys.stateIndex);
      shelf.keys = keys;
    } else if (startsWith(key, REGISTRY)) {
      this.#writer(node, shelf, { key, value });
    }
  }

  #judgeKeys(node: string, before: KeyState, now: KeyState): void {
    const { raftCutoverIndex, storageCutoverIndex } = now;
    this.#cutover(node, 'raft', before.raftCutoverIndex, raftCutoverIndex);
    this.#cutover(node, 'storage', before.storageCutoverIndex, storageCutoverIndex);
    for (const { check, keyId } of now.keys) {
      const known = this.#checks.get(keyId) ?? toHex(check);
      this.#findings.saw('E17', this.#checks.has(keyId));
      if (known !== toHex(check)) this.#findings.add('E17', `key ${keyId} of ${node} is another one`);
      this.#checks.set(keyId, toHex(check));
    }
    if (now.raftEnvelopeActive && now.storageEnvelopeActive) this.isSealing = true;
  }

  #cutover(node: string, name: string, before: number, now: number): void {
    const known = this.#cutovers.get(name) ?? 0;
    this.#findings.saw('E10', known !== 0 || before !== 0);
    if (before !== 0 && now !== before)
      this.#findings.add('E10', `${name} at ${node}: ${now} after ${before}`);
    if (now === 0) return;
    if (known !== 0 && known !== now)
      this.#findings.add('E10', `${name}: ${node} says ${now}, others ${known}`);
    this.#cutovers.set(name, known === 0 ? now : known);
  }

  #writer(node: string, { writers }: Shelf, { key, value }: Write): void {
    const { dekId, nodeId16 } = decodeWriterRegistryKey(key.subarray(1));
    const row = decodeWriterRow(value);
    const slot = toHex(key);
    const before = writers.get(slot);
    this.#findings.saw('E12', before !== undefined);
    if (before !== undefined && row.lastSeenEpoch < before) {
      this.#findings.add('E12', `${node}: key ${dekId}, ${nodeId16} at ${row.lastSeenEpoch} after ${before}`);
    }
    writers.set(slot, row.lastSeenEpoch);
    const owner = this.#owners.get(slot) ?? row.fullNodeId;
    this.#findings.saw('E14', this.#owners.has(slot));
    if (owner !== row.fullNodeId) this.#findings.add('E14', `${nodeId16} under key ${dekId} has two owners`);
    this.#owners.set(slot, owner);
  }

  /** A value as it is stored, under the key state of its batch. */
  #version(node: string, states: readonly KeyState[], { key, value }: Write): void {
    const { body, header } = splitValue(value);
    const isCutOver = states.every(({ storageEnvelopeActive }) => storageEnvelopeActive);
    if (header.state === 'sealed') {
      this.#findings.saw('E22', this.#checks.size > 2);
      const keyId = envelopeKeyId(body);
      if (states.every(({ activeStorage }) => activeStorage !== keyId)) {
        this.#findings.add('E22', `${node} seals a value under key ${keyId}, which is not the active one`);
      }
    } else if (!header.tombstone && isCutOver) {
      const isNew = decodeVersionKey(key).commitTs > states[0]!.storageCutoverTs;
      this.#findings.saw('E11');
      if (isNew) this.#findings.add('E11', `${node} stores a value in clear behind the cutover`);
    }
  }

  #shelf(node: string): Shelf {
    const shelf = this.#shelves.get(node) ?? {
      applied: 0,
      keys: EMPTY_KEY_STATE,
      writers: new Map(),
      writes: 0,
    };
    this.#shelves.set(node, shelf);
    return shelf;
  }
}
