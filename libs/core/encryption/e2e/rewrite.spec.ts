import { fnv1a64, fromUtf8, toHex, toUtf8 } from '@caisson/base';
import { override } from '@caisson/compliance';
import type { Pair, UntrustedStore, UntrustedStores } from '@caisson/contracts';
import { tableRange, versionKey } from '@caisson/formats';
import { bootstrapPayload, enablingPayload, rotationPayload, takeCensus, valuesUnder } from '../src/index.js';
import { decodeRewriteCursor, REWRITE_CURSOR_KEY } from '../src/rewrite/rewrite-cursor.js';
import { APPLIED, propose } from './entries.js';
import { note } from './mini-engine.js';
import { driven, EagerClock, readNote, type Running, World } from './world.js';

const NOTES = 300;
let world: World;
let running: Running;

beforeEach(() => {
  world = new World();
});
afterEach(() => running.stop());

async function notes(count: number, value = 'value'): Promise<void> {
  for (let at = 0; at < count; at++) await running.engine.propose(note(`k${at}`, `${value} ${at}`));
}

async function rotate(): Promise<void> {
  const payload = await rotationPayload(running.node, running.session, { purpose: 'storage' });
  expect(await propose(running, payload)).toEqual(APPLIED);
}

/** Values under an old key. */
async function withOldValues(): Promise<void> {
  running = await driven(world);
  await notes(NOTES);
  await rotate();
}

async function rewritten(): Promise<void> {
  running.rewrite.start();
  await running.rewrite.ended();
}

const active = () => running.session.state.current.keys.activeStorage;
const census = () => takeCensus(running.session, world.clock);
const status = () => running.rewrite.status()[0]!;

async function pairs(of: 'stored' | 'opened'): Promise<readonly Pair[]> {
  const view = of === 'stored' ? running.session.storedView() : running.session.store.view();
  const found = await view.scan(tableRange(2)).next({ pairs: 1e6, bytes: 1e9 });
  await view.close();
  return found;
}

async function digest(): Promise<string> {
  return (await pairs('opened')).map(({ key, value }) => `${toHex(key)} ${toHex(value)}`).join('\n');
}

async function damage(at: number): Promise<() => Promise<void>> {
  const { key, value } = (await pairs('stored'))[at]!;
  const put = (bytes: Uint8Array) => world.below!.batch().put(key, bytes).write({ sync: true });
  await put(value.with(value.length - 1, value.at(-1)! ^ 1));
  return () => put(value);
}

test('what was written before the cutover is sealed, and reads as before', async () => {
  world = new World({ birth: 'clear' });
  running = await world.start();
  await notes(NOTES, 'a clear value');
  await propose(running, await bootstrapPayload(running.node, running.session));
  expect(() => running.rewrite.start()).toThrow(
    expect.objectContaining({ code: 'ENCRYPTION_NOT_BOOTSTRAPPED' }),
  );
  await propose(running, await enablingPayload(running.node, running.session, 'storage'));
  const before = await digest();
  expect(await census()).toMatchObject({ clear: NOTES, sealed: [] });
  await rewritten();
  expect(status()).toMatchObject({ state: 'finished', done: NOTES, total: NOTES, keyId: active() });
  expect(await digest()).toBe(before);
  expect(await census()).toMatchObject({
    clear: 0,
    sealed: [{ keyId: active(), version: 2, values: NOTES }],
  });
  const stored = (await world.stored()).map((value) => Buffer.from(value).toString('latin1')).join();
  expect(stored).not.toContain('a clear value');
});

test('values under an old key move to the active one, and nothing of them is left under it', async () => {
  await withOldValues();
  const old = (await census()).sealed[0]!.keyId;
  const before = await digest();
  await rewritten();
  expect(await digest()).toBe(before);
  expect(valuesUnder(await census(), old)).toBe(0);
  expect(valuesUnder(await census(), active())).toBe(NOTES);
});

test('a second run finds nothing to do', async () => {
  await withOldValues();
  await rewritten();
  const stored = await pairs('stored');
  await rewritten();
  expect(status()).toMatchObject({ state: 'finished', done: 0, total: 0 });
  expect(await pairs('stored')).toEqual(stored);
});

test('values of an older envelope version move to the one that is written, and never back', async () => {
  const written = (envelopeVersion: number) => ({ config: { enabled: true, envelopeVersion } });
  running = await driven(world, written(1));
  await notes(3);
  await running.stop();
  running = await driven(world, written(2));
  await rewritten();
  expect((await census()).sealed).toEqual([{ keyId: active(), version: 2, values: 3 }]);
  await running.stop();
  running = await driven(world, written(1));
  await rewritten();
  expect((await census()).sealed).toEqual([{ keyId: active(), version: 2, values: 3 }]);
});

test('writes go on meanwhile, and none is lost', async () => {
  await withOldValues();
  running.rewrite.start();
  let written = 0;
  while (running.rewrite.isRunning) {
    await running.engine.propose(note('k7', `again ${++written}`));
    await world.clock.turn();
  }
  expect(written).toBeGreaterThan(0);
  expect(await readNote(running, 'k7')).toBe(`again ${written}`);
  expect(valuesUnder(await census(), active())).toBe(NOTES + written);
});

test('a value that goes between the look and the write does not come back', async () => {
  await withOldValues();
  const { key } = (await pairs('stored'))[5]!;
  world.willMaintain = async () => {
    await running.session.store.batch().delete(key).write({ sync: false });
  };
  await rewritten();
  expect(status().state).toBe('finished');
  expect(await world.below!.get(key)).toBeUndefined();
  expect(valuesUnder(await census(), active())).toBe(NOTES - 1);
});

test('a rotation in the middle moves the target', async () => {
  await withOldValues();
  let slices = 0;
  world.willMaintain = async () => {
    if (++slices === 2) await rotate();
  };
  const before = active();
  await rewritten();
  expect(active()).not.toBe(before);
  expect((await census()).sealed).toEqual([{ keyId: active(), version: 2, values: NOTES }]);
  expect(status()).toMatchObject({ state: 'finished', keyId: active() });
});

test('a store that is replaced in the middle is looked at from its beginning', async () => {
  await withOldValues();
  const old = await pairs('stored');
  let slices = 0;
  world.willMaintain = async () => {
    if (++slices !== 3) return;
    // As a received snapshot does: the values are under the old key again, and no cursor came along.
    const batch = world.below!.batch().delete(REWRITE_CURSOR_KEY);
    for (const { key, value } of old) batch.put(key, value);
    await batch.write({ sync: true });
    await running.session.replaceStore(() => world.stores.open(world.directory.group(1).store));
  };
  await rewritten();
  expect(status().state).toBe('finished');
  expect((await census()).sealed).toEqual([{ keyId: active(), version: 2, values: NOTES }]);
});

test.each([1, 2, 3])('a loss of power in slice %i is resumed by the next start', async (slice) => {
  await withOldValues();
  const before = await digest();
  let slices = 0;
  world.willMaintain = () => {
    if (++slices > slice) throw new RangeError('the power is gone');
  };
  running.rewrite.start({ bytesPerSecond: 1e9 });
  await running.rewrite.ended();
  expect(status()).toMatchObject({ state: 'failed' });
  await running.stop();
  world.willMaintain = () => undefined;
  running = await driven(world);
  await running.rewrite.resume();
  expect(running.rewrite.isRunning).toBe(true);
  await running.rewrite.ended();
  expect(status()).toMatchObject({ state: 'finished', done: NOTES, total: NOTES });
  expect(await digest()).toBe(before);
  expect((await census()).sealed).toEqual([{ keyId: active(), version: 2, values: NOTES }]);
});

test('batches that a loss of power takes back are made again', async () => {
  await withOldValues();
  const before = await digest();
  await running.session.settle();
  let slices = 0;
  world.willMaintain = () => {
    if (++slices > 2) throw new RangeError('the power is gone');
  };
  await rewritten();
  world.crash();
  await running.stop().catch(() => undefined);
  running = await driven(world);
  await rewritten();
  expect(await digest()).toBe(before);
  expect((await census()).sealed).toEqual([{ keyId: active(), version: 2, values: NOTES }]);
});

test('what was finished stays finished after a restart, and what was cancelled does not go on', async () => {
  await withOldValues();
  await rewritten();
  await running.stop();
  running = await driven(world);
  await running.rewrite.resume();
  expect([running.rewrite.isRunning, status().state]).toEqual([false, 'finished']);
  await rotate();
  running.rewrite.start();
  await running.rewrite.cancel();
  expect(status().state).toBe('idle');
  expect(await running.session.stored(REWRITE_CURSOR_KEY)).toBeUndefined();
  await running.rewrite.resume();
  expect(running.rewrite.isRunning).toBe(false);
});

test('a damaged value stops it with its error and the hash of its key; the rest is kept', async () => {
  await withOldValues();
  const before = await digest();
  const key = fromUtf8((await pairs('opened'))[200]!.key.subarray(1, -10))!;
  const repair = await damage(200);
  await rewritten();
  expect(status()).toMatchObject({
    state: 'failed',
    done: 200,
    error: { code: 'ENCRYPTED_READ_INTEGRITY', details: { keyHash: fnv1a64(toUtf8(key)).toString(16) } },
  });
  expect(valuesUnder(await census(), active())).toBe(200);
  await repair();
  await rewritten();
  expect(status()).toMatchObject({ state: 'finished', done: NOTES });
  expect(await digest()).toBe(before);
});

test('a clear value that somebody put above the cutover is not sealed as if it were ours', async () => {
  await withOldValues();
  const forged = versionKey(toUtf8('forged'), 2n ** 40n);
  await world.below!.batch().put(forged, new Uint8Array(12)).write({ sync: true });
  await rewritten();
  expect(status()).toMatchObject({ state: 'failed', error: { code: 'ENCRYPTED_READ_INTEGRITY' } });
  expect(await world.below!.get(forged)).toEqual(new Uint8Array(12));
});

test('nothing is rewritten before this process is registered', async () => {
  await withOldValues();
  await running.stop();
  running = await world.start();
  const stored = await pairs('stored');
  running.rewrite.start();
  for (let turn = 0; turn < 20; turn++) await world.clock.turn();
  expect([running.rewrite.isRunning, await pairs('stored')]).toEqual([true, stored]);
  await running.drive();
  await running.rewrite.ended();
  expect(status()).toMatchObject({ state: 'finished', done: NOTES });
});

test('it keeps to its rate, says how long it will take, and stops where it is', async () => {
  const clock = new RunningClock();
  Object.defineProperty(world, 'clock', { value: clock });
  await withOldValues();
  const bytes = (await pairs('stored')).reduce((sum, { value }) => sum + value.length, 0);
  const began = clock.ms;
  running.rewrite.start({ bytesPerSecond: 1_000 });
  while (running.rewrite.isRunning && status().remainingMs === undefined) await clock.turn();
  const { done, remainingMs } = status();
  expect(done).toBeGreaterThan(0);
  expect(remainingMs).toBeGreaterThan(1_000);
  await running.rewrite.ended();
  expect(status()).toMatchObject({ state: 'finished', bytes });
  const seconds = (clock.ms - began) / 1000;
  expect(seconds).toBeGreaterThan(bytes / 1_000 - 2);
  expect(seconds).toBeLessThan(bytes / 1_000 + 2);
});

/** Time passes by sleeping alone. */
class RunningClock extends EagerClock {
  ms = 0;
  override monotonicMs = () => this.ms;
  override async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.ms += ms;
    await super.sleep(ms, signal);
  }
}

/** Writes something else than it was given, as long as it lies. */
function lyingDisk(): { readonly stores: UntrustedStores; lies: boolean } {
  const disk = { lies: false, stores: world.stores };
  const lyingStore = (store: UntrustedStore) =>
    override<UntrustedStore>(store, {
      batch: () => {
        const batch = store.batch();
        const put = (key: Uint8Array, value: Uint8Array) =>
          batch.put(key, disk.lies && key[0] === 2 ? value.with(-1, value.at(-1)! ^ 1) : value);
        return override(batch, { put });
      },
    });
  const { stores } = world;
  const open: UntrustedStores['open'] = async (directory) => lyingStore(await stores.open(directory));
  disk.stores = override<UntrustedStores>(stores, { open });
  return disk;
}

test('what was sealed anew is read back, and a disk that wrote something else ends the run', async () => {
  const disk = lyingDisk();
  running = await driven(world, { stores: disk.stores });
  await notes(3);
  await rotate();
  disk.lies = true;
  await rewritten();
  expect(status()).toMatchObject({ state: 'failed', error: { code: 'ENCRYPTED_READ_INTEGRITY' } });
});

test('a time to be done by is remembered, and holds for the run it was ordered for', async () => {
  await withOldValues();
  const finishBy = world.clock.nowMs() + 3_600_000;
  const row = async () => decodeRewriteCursor((await world.below!.get(REWRITE_CURSOR_KEY))!);
  running.rewrite.start({ finishBy });
  await running.rewrite.ended();
  expect(await row()).toMatchObject({ finishBy });
  expect(status()).toMatchObject({ state: 'finished', done: NOTES });
  await rotate();
  await rewritten();
  expect((await row()).finishBy).toBeUndefined();
});
