import { concatBytes, toHex, toUtf8 } from '@caisson/base';
import { plaintextSide } from '@caisson/compliance';
import type { DataDirectory, Store } from '@caisson/contracts';
import {
  encodeHeader,
  encodeIndexRow,
  encodeTimestampRow,
  SYSTEM_KEYS,
  TABLE,
  versionKey,
} from '@caisson/formats';
import { NodeHashes } from '@caisson/platform-node';
import { MemoryStores } from '@caisson/store-memory';
import { identityOf, TurningClock } from '../testdata/membership-bench.js';
import { ScriptedEngine, ScriptedGroup } from '../testdata/scripted-engine.js';
import { Cluster } from './cluster.js';
import { digestState } from './state-digest.js';

const hashes = new NodeHashes();
const parts = { hashes, clock: { turn: () => Promise.resolve() } };
type Row = readonly [Uint8Array, Uint8Array];

const version = (key: string, ts: bigint, value: string): Row => {
  const header = encodeHeader({ tombstone: false, state: 'clear', expireAt: 0n });
  return [versionKey(toUtf8(key), ts), concatBytes(header, toUtf8(value))];
};
const floor = (ts: bigint): Row => [SYSTEM_KEYS.retentionFloor, encodeTimestampRow(ts)];
const applied = (index: number): Row => [SYSTEM_KEYS.appliedIndex, encodeIndexRow(index)];
const local: Row = [Uint8Array.of(TABLE.local, 1), toUtf8('mine')];

async function storeOf(...rows: readonly Row[]): Promise<Store> {
  const store = plaintextSide(await new MemoryStores().open('/s'));
  const batch = store.batch();
  for (const [key, value] of rows) batch.put(key, value);
  await batch.write({ sync: false });
  return store;
}

const digestOf = async (...rows: readonly Row[]) => {
  const { digest, position, pairs } = await digestState(1, await storeOf(...rows), parts);
  return { digest: toHex(digest), position, pairs };
};

describe('a digest', () => {
  it('is over every replicated row, framed, in the order of keys, and says its position', async () => {
    const rows = [applied(7), version('a', 5n, 'x')];
    const framed = rows.flatMap((row) => row).flatMap((bytes) => [lengthOf(bytes), bytes]);
    expect(await digestOf(...rows)).toEqual({
      digest: toHex(hashes.sha256(...framed)),
      position: 7,
      pairs: 2,
    });
  });

  it('differs with any value, key or position, and not with rows of the node alone', async () => {
    const rows = [applied(7), version('a', 5n, 'x')];
    const one = (await digestOf(...rows)).digest;
    expect((await digestOf(...rows, local)).digest).toBe(one);
    for (const other of [applied(8), version('a', 5n, 'y'), version('a', 6n, 'x'), version('b', 5n, 'x')]) {
      expect((await digestOf(...rows, other)).digest).not.toBe(one);
    }
  });

  it('is the same whether a replica has compacted yet or not', async () => {
    const kept = [applied(9), floor(6n), version('a', 5n, 'new'), version('b', 9n, 'newest')];
    const compacted = await digestOf(...kept);
    expect(await digestOf(...kept, version('a', 3n, 'old'), version('a', 2n, 'older'))).toEqual(compacted);
  });

  it('of many pages is that of one', async () => {
    const many = Array.from({ length: 3000 }, (_, at) => version(`k${at}`, 1n, 'v'));
    expect((await digestOf(...many)).pairs).toBe(3000);
  });

  it('stops when nobody waits for it', async () => {
    const store = await storeOf(applied(1));
    const stopped = AbortSignal.abort(new Error('gone'));
    await expect(digestState(1, store, parts, stopped)).rejects.toThrow('gone');
  });
});

describe('the cluster’s digest', () => {
  const clock = new TurningClock();
  const group = new ScriptedGroup(1, ['n1']);
  const engine = new ScriptedEngine('n1', [group]).asEngine();
  const directory = { identity: identityOf('n1') } as DataDirectory;
  const turning = Object.assign(clock, { turn: () => Promise.resolve() });
  const cluster = new Cluster({ engine, directory, clock: turning, hashes });

  it('waits until the position is applied', async () => {
    group.store = await storeOf(applied(103));
    clock.onSleep = () => group.applied++;
    expect(await cluster.digest(1, 103, {})).toMatchObject({ group: 1, position: 103 });
    expect(clock.slept).toBe(3);
  });

  it('does not wait for a group that applies nothing any more', async () => {
    group.halted = 'at 104';
    await expect(cluster.digest(1, 200, {})).rejects.toMatchObject({ code: 'APPLY_HALTED' });
  });
});

function lengthOf(bytes: Uint8Array): Uint8Array {
  return Uint8Array.of(0, 0, bytes.length >> 8, bytes.length & 0xff);
}
