import {
  CaissonError,
  type Cipher,
  type Clock,
  type DataDirectory,
  type Disk,
  type Hashes,
  isCaissonError,
  type KekProvider,
  type OrderedStore,
} from '@caisson/contracts';
import {
  fullNodeId,
  type KeyEpoch,
  type KeyState,
  PURPOSE_CODE,
  type Sidecar,
  type SidecarGroup,
  type SidecarKey,
  sidecarMacInput,
} from '@caisson/formats';
import { EpochFloors } from '../candidate/epoch-floors.js';
import { CipherRegistry } from '../envelope/cipher-registry.js';
import { recordMac } from '../keys/authentication.js';
import { KekRing } from '../keys/kek-ring.js';
import { Keystore } from '../keys/keystore.js';
import { EPOCH_MAX } from '../node/epoch-range.js';
import { type GroupState, isBootstrapped } from '../state/group-state.js';
import { verifyKeyState } from '../state/key-state-mac.js';
import { readGroupState, requireCluster } from '../state/read-state.js';
import { openWriterRegistryStore, WriterRegistry } from '../writers/writer-registry.js';
import { SidecarBook } from './sidecar-book.js';
import { sidecarGroup, sidecarKey } from './sidecar-records.js';

export interface SidecarRebuildParts {
  readonly directory: DataDirectory;
  readonly disk: Disk;
  readonly keks: readonly KekProvider[];
  readonly ciphers: readonly Cipher[];
  readonly hashes: Hashes;
  readonly clock: Pick<Clock, 'nowMs'>;
}

/** A group of a node that does not run. */
export interface ClosedGroup {
  readonly id: number;
  readonly store: Pick<OrderedStore, 'get' | 'view'>;
}

export interface RebuiltKey {
  readonly keyId: number;
  readonly purpose: 'storage' | 'raft';
  readonly state: SidecarKey['state'];
  /** The node begins above it. */
  readonly epoch: number;
  /** Where the wrapped key was taken from. */
  readonly from: 'store' | 'old sidecar';
}

export interface SidecarRebuilt {
  /** What became of the file that was there. */
  readonly old: 'missing' | 'authentic' | 'not authentic' | 'unreadable';
  readonly groups: readonly number[];
  readonly keys: readonly RebuiltKey[];
  /** Keys of the old file that no KEK opens any more, or that are not what it says. */
  readonly dropped: readonly number[];
  /** Keys that a member told of and that are not here yet: they come with the log, above these epochs. */
  readonly floors: readonly KeyEpoch[];
}

/** The store of a node that was closed in order can be written synced; nothing is written here. */
const CLOSED = { durable: true, syncedWrites: true, detectsDamage: true } as const;

/**
 * Makes the sidecar of a node that does not run anew, from what authenticates in its stores. Epochs are above
 * everything that anybody remembers: the stores, the old file, floors, and what members saw registered. A
 * file that does not authenticate is asked for its epochs all the same, since too high a one costs nothing.
 */
export class SidecarRebuild {
  readonly #parts: SidecarRebuildParts;
  readonly #keystore: Keystore;
  readonly #ring: KekRing;
  readonly #floors: EpochFloors;
  readonly #book: SidecarBook;

  constructor(parts: SidecarRebuildParts) {
    const { keks, hashes, ciphers } = parts;
    this.#parts = parts;
    this.#keystore = new Keystore(hashes, new CipherRegistry(ciphers));
    this.#ring = new KekRing(keks, hashes);
    this.#floors = new EpochFloors(parts);
    this.#book = new SidecarBook({ ...parts, keystore: this.#keystore, floors: this.#floors });
  }

  /** `seen`: what other members saw registered of this node. */
  async carryOut(groups: readonly ClosedGroup[], seen: readonly KeyEpoch[]): Promise<SidecarRebuilt> {
    const areKnown = await this.#floors.load().then(() => true, unreadable);
    const old = await this.#book.read().catch(unreadable);
    const isThere = await this.#book.isPresent();
    const states = new Map<number, GroupState>();
    for (const group of groups) states.set(group.id, await this.#stateOf(group));
    const known = [...states].filter(([, state]) => isBootstrapped(state));
    const keys = await this.#keysOf(known.map(([, state]) => state));
    const dropped = old === undefined ? [] : await this.#keepOld(old, keys);
    const verdict = this.#verdict(old, isThere);
    for (const [keyId, key] of keys)
      keys.set(keyId, { ...key, record: this.#raised(keyId, key, { old, seen }) });
    const floors = seen
      .filter(({ keyId }) => !keys.has(keyId))
      .map(({ keyId, epoch }) => ({ keyId, epoch: Math.min(epoch + 1, EPOCH_MAX) }));
    // A damaged file would keep the node from starting, whatever the sidecar beside it says.
    if (areKnown === true) await this.#floors.raise(floors);
    else await this.#floors.replace(floors);
    await this.#write(known, { keys, seen, old: verdict === 'authentic' ? old : undefined });
    this.#keystore.erase();
    const rebuilt = [...keys].map(([keyId, { record, from }]): RebuiltKey => {
      const { purpose, state, localEpoch: epoch } = record;
      return { keyId, purpose, state, epoch, from };
    });
    const ascending = rebuilt.sort((a, b) => a.keyId - b.keyId);
    return { old: verdict, groups: known.map(([id]) => id), keys: ascending, dropped, floors };
  }

  async #stateOf({ id, store }: ClosedGroup): Promise<GroupState> {
    const { directory } = this.#parts;
    const { clusterId, name } = directory.identity;
    await requireCluster(store, clusterId, id);
    const registry = new WriterRegistry(openWriterRegistryStore(store, CLOSED));
    const state = await readGroupState(store, registry, fullNodeId(name));
    if (!isBootstrapped(state)) return state;
    for (const { keyId, state: of, ...key } of state.keys.keys) {
      if (of !== 'retired') await this.#hold(keyId, key);
    }
    const authority = { hashes: this.#parts.hashes, keystore: this.#keystore, clusterId };
    verifyKeyState(state.keys, authority, id);
    return state;
  }

  async #keysOf(states: readonly GroupState[]): Promise<Map<number, Found>> {
    const keys = new Map<number, Found>();
    for (const { keys: state, ownEpochs } of states) {
      for (const key of state.keys) {
        const epoch = Math.max(ownEpochs.get(key.keyId) ?? -1, keys.get(key.keyId)?.registered ?? -1);
        const record = sidecarKey(key, this.#parts.clock.nowMs(), 0);
        keys.set(key.keyId, { record, from: 'store', registered: epoch });
      }
    }
    return keys;
  }

  /** Keys that the stores do not know, or know no more: what is stored under them must stay readable. */
  async #keepOld(old: Sidecar, keys: Map<number, Found>): Promise<readonly number[]> {
    const dropped: number[] = [];
    for (const [keyId, record] of old.keys) {
      const known = keys.get(keyId);
      if (known !== undefined) {
        keys.set(keyId, { ...known, record: { ...known.record, created: record.created } });
        continue;
      }
      try {
        await this.#hold(keyId, { ...record, container: record.wrapped });
        keys.set(keyId, { record, from: 'old sidecar', registered: -1 });
      } catch (error) {
        if (!isCaissonError(error)) throw error;
        dropped.push(keyId);
      }
    }
    return dropped;
  }

  #verdict(old: Sidecar | undefined, isThere: boolean): SidecarRebuilt['old'] {
    if (old === undefined) return isThere ? 'unreadable' : 'missing';
    const { hashes } = this.#parts;
    const held = this.#keystore.find(old.macKeyId, 'storage');
    if (held === undefined) return 'not authentic';
    const key = { hashes, dek: held.dek, clusterId: old.clusterId };
    const isRight = hashes.equal(recordMac(key, 'sidecar', sidecarMacInput(old)), old.mac);
    return isRight ? 'authentic' : 'not authentic';
  }

  #raised(
    keyId: number,
    { record, registered }: Found,
    { old, seen }: { readonly old: Sidecar | undefined; readonly seen: readonly KeyEpoch[] },
  ): SidecarKey {
    const told = seen.filter((row) => row.keyId === keyId).map(({ epoch }) => epoch);
    const recorded = old?.keys.get(keyId)?.localEpoch ?? -1;
    const last = Math.max(registered, recorded, this.#floors.of(keyId), record.localEpoch, ...told);
    const localEpoch = last + 1;
    if (localEpoch > EPOCH_MAX) throw new CaissonError('LOCAL_EPOCH_EXHAUSTED', { keyId, epoch: last });
    return { ...record, localEpoch };
  }

  async #write(
    known: readonly (readonly [number, GroupState])[],
    { keys, seen, old }: Findings,
  ): Promise<void> {
    if (known.length > 0) {
      const records = new Map([...keys].map(([keyId, { record }]) => [keyId, record]));
      const groups = new Map(known.map(([id, { keys: state }]) => [id, newest(state, old?.groups.get(id))]));
      return this.#book.record({ keys: records, groups });
    }
    if (!(await this.#book.isPresent())) return;
    // Nothing to write one from: the log brings the keys, and somebody must know how far this node had come.
    if (seen.length === 0) throw new CaissonError('SIDECAR_NEEDS_MEMBER');
    const { disk, directory } = this.#parts;
    await disk.remove(this.#book.path);
    await disk.syncDirectory(directory.encryptionPath);
  }

  async #hold(
    keyId: number,
    key: Pick<SidecarKey, 'purpose' | 'originId' | 'check'> & { container: Uint8Array },
  ) {
    const { purpose, originId, check, container } = key;
    const dek = await this.#ring.unwrap(container, { keyId, originId, purpose: PURPOSE_CODE[purpose] });
    this.#keystore.set({ keyId, purpose, originId, dek }, check);
  }
}

interface Found {
  readonly record: SidecarKey;
  readonly from: RebuiltKey['from'];
  /** The last epoch of this node in the registry; -1 for none. */
  readonly registered: number;
}

interface Findings {
  readonly keys: ReadonlyMap<number, Found>;
  readonly seen: readonly KeyEpoch[];
  /** The old file, where it authenticates. */
  readonly old: Sidecar | undefined;
}

/** A file that is ahead knows of key entries that the log has to bring: it must not forget them. */
function newest(state: KeyState, recorded: SidecarGroup | undefined): SidecarGroup {
  const isAhead = recorded !== undefined && recorded.raftAppliedIndex > state.stateIndex;
  return isAhead ? recorded : sidecarGroup(state);
}

/** A damaged file is what this is for. */
function unreadable(error: unknown): undefined {
  if (isCaissonError(error, 'SIDECAR_CORRUPT')) return undefined;
  throw error;
}
