import { toUtf8 } from '@caisson/base';
import { override } from '@caisson/compliance';
import { isCaissonError } from '@caisson/contracts';
import { encodeHeader, encodeSealedProposal, versionKey } from '@caisson/formats';
import { EnvelopeSuites, envelopeV1, envelopeV2, type PayloadPlace } from '../src/index.js';
import { note } from './mini-engine.js';
import { driven, readNote, type Running, World } from './world.js';

const STORE = '/data/1/store';
const ELSEWHERE = new Uint8Array(16).fill(9);
export const SIDECAR = '/data/encryption/keys.json';

/** In the order in which they are written. */
const NOTES = [
  ['a', 'old'],
  ['a', 'new'],
  ['b', 'other'],
] as const;

/** Bytes that are sound in another place. */
interface Borrowed {
  readonly entry: Uint8Array;
  readonly value: Uint8Array;
}

/** The disk of a node that does not run, and whoever holds it. */
export class Exhibit {
  readonly world: World;
  readonly #version: 1 | 2;
  /** Places of the notes in the log; a note's commit timestamp is its place. */
  readonly old: number;
  readonly newer: number;
  readonly other: number;
  /** The sidecars of earlier moments, the first the oldest. */
  readonly sidecars: readonly Uint8Array[];
  /** A value and an entry as another cluster has them at the same places, under the same KEK. */
  readonly elsewhere: Borrowed;
  /** The same, were the other cluster's keys the same keys under the same ids. */
  readonly kin: Borrowed;
  /** An entry as another group under the same keys has it at the same place. */
  readonly sibling: Uint8Array;
  /** The newest value of `a` as it is stored. */
  readonly stored: Uint8Array;

  private constructor(
    world: World,
    version: 1 | 2,
    first: number,
    rest: Pick<Exhibit, 'elsewhere' | 'kin' | 'sibling' | 'sidecars' | 'stored'>,
  ) {
    this.world = world;
    this.#version = version;
    [this.old, this.newer, this.other] = [first, first + 1, first + 2];
    this.elsewhere = rest.elsewhere;
    this.kin = rest.kin;
    this.sibling = rest.sibling;
    this.sidecars = rest.sidecars;
    this.stored = rest.stored;
  }

  /** Ended in order, or by a loss of power after which the notes are applied again. */
  static async of(version: 1 | 2, end: 'stopped' | 'crashed'): Promise<Exhibit> {
    const world = new World();
    const sidecars: Uint8Array[] = [];
    const keep = async () => void sidecars.push((await world.disk.read(SIDECAR))!);
    const started = await driven(world, writing(version));
    await keep();
    await started.stop();
    const running = await driven(world, writing(version));
    await keep();
    const first = world.log.length + 1;
    for (const [key, value] of NOTES) await running.engine.propose(note(key, value));
    const elsewhere = await borrowed(version, first);
    const { kin, sibling } = seal(running, version, first + 1);
    const stored = (await world.below!.get(versionKey(toUtf8('a'), BigInt(first + 1))))!;
    if (end === 'stopped') await running.stop();
    else world.crash();
    return new Exhibit(world, version, first, { elsewhere, kin, sibling, sidecars, stored });
  }

  key(name: string, at: number): Uint8Array {
    return versionKey(toUtf8(name), BigInt(at));
  }

  get newest(): Uint8Array {
    return this.key('a', this.newer);
  }

  async value(key: Uint8Array): Promise<Uint8Array> {
    const store = await this.world.stores.open(STORE);
    const value = await store.get(key);
    await store.close();
    return value!;
  }

  async put(key: Uint8Array, value: Uint8Array | undefined): Promise<void> {
    const store = await this.world.stores.open(STORE);
    const batch = store.batch();
    await (value === undefined ? batch.delete(key) : batch.put(key, value)).write({ sync: true });
    await store.close();
  }

  entry(at: number): Uint8Array {
    return this.world.log[at - 1]!.data;
  }

  putEntry(at: number, data: Uint8Array): void {
    this.world.log[at - 1] = { ...this.world.log[at - 1]!, data };
  }

  /** What becomes of it: the code with which the start fails, or what reading comes to. */
  async outcome(): Promise<string> {
    let running: Running;
    try {
      running = await driven(this.world, writing(this.#version));
    } catch (error) {
      return `start: ${codeOf(error)}`;
    }
    const found: string[] = [];
    for (const key of ['a', 'b']) {
      const value = await readNote(running, key).catch(codeOf);
      found.push(`${key}: ${value ?? 'not found'}`);
    }
    await running.stop();
    return found.join(', ');
  }
}

export const writing = (envelopeVersion: 1 | 2) => ({ config: { enabled: true, envelopeVersion } }) as const;

function codeOf(error: unknown): string {
  return isCaissonError(error) ? error.code : `no typed error: ${String(error)}`;
}

async function borrowed(version: 1 | 2, first: number): Promise<Borrowed> {
  const world = new World({ clusterId: ELSEWHERE });
  const running = await driven(world, writing(version));
  while (world.log.length < first) await running.engine.propose(note('c', 'filler'));
  await running.engine.propose(note('a', 'foreign'));
  const at = world.log.length;
  const value = (await world.below!.get(versionKey(toUtf8('a'), BigInt(at))))!;
  await running.stop();
  return { entry: world.log[at - 1]!.data, value };
}

/** What only somebody with the keys can make: sound bytes, were they in another cluster or group. */
function seal(
  { node, session }: Running,
  version: 1 | 2,
  index: number,
): { kin: Borrowed; sibling: Uint8Array } {
  const { writer } = new EnvelopeSuites([envelopeV1, envelopeV2], version);
  const { activeRaft, activeStorage } = session.state.current.keys;
  const { seals } = node.keys;
  const [raft, storage] = [seals.sealing(activeRaft), seals.sealing(activeStorage)];
  const foreign = <T extends typeof raft>(by: T): T => ({
    ...by,
    key: override(by.key, { originId: ELSEWHERE }),
  });
  const place: PayloadPlace = { group: 1, term: 1, index, proposalId: BigInt(index) };
  const payload = note('a', 'foreign');
  const entry = writer.sealPayload(foreign(raft), place, payload);
  const headerBytes = encodeHeader({ tombstone: false, state: 'sealed', expireAt: 0n });
  const storeKey = versionKey(toUtf8('a'), BigInt(index));
  const value = writer.sealValue(foreign(storage), { headerBytes, storeKey }, toUtf8('foreign'), 9);
  value.set(headerBytes);
  const kin = { entry: encodeSealedProposal(place.proposalId, entry), value };
  const sibling = writer.sealPayload(raft, { ...place, group: 2 }, payload);
  return { kin, sibling: encodeSealedProposal(place.proposalId, sibling) };
}
