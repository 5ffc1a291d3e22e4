import { fromUtf8, toUtf8 } from '@caisson/base';
import { type CaissonError } from '@caisson/contracts';
import { decodeKeyState, OPCODES, parseSidecar, SYSTEM_KEYS, TOMBSTONE, versionKey } from '@caisson/formats';
import { OfflineReader } from '../src/index.js';
import { note } from './mini-engine.js';
import { ciphers, driven, hashes, localKek, World } from './world.js';

const KEY = versionKey(toUtf8('a'), 5n);
let world: World;
let stored: Uint8Array;

beforeEach(async () => {
  world = new World();
  const running = await driven(world);
  await running.engine.propose(note('a', 'a value'));
  stored = (await world.below!.get(KEY))!;
});

const reader = (keks = [localKek(1)]) => new OfflineReader({ keks, ciphers, hashes });
const sidecar = async () => parseSidecar((await world.disk.read('/data/encryption/keys.json'))!);
const entry = (at: OfflineReader, index: number) =>
  at.entry({ group: 1, term: 1, index }, world.log[index - 1]!.data);

test('with the KEK values and entries open, by the sidecar or by the key state in the store', async () => {
  const bySidecar = reader();
  expect(await bySidecar.loadSidecar(await sidecar())).toBe(true);
  const byStore = reader();
  await byStore.loadKeyState(decodeKeyState((await world.below!.get(SYSTEM_KEYS.keyState))!));
  for (const each of [bySidecar, byStore]) {
    expect(each.keyIds).toHaveLength(2);
    expect(fromUtf8(each.value(KEY, stored).body!)).toBe('a value');
    expect(entry(each, 5).payload![0]).toBe(OPCODES.command);
    each.close();
    expect(each.keyIds).toEqual([]);
  }
});

test('without a KEK what is sealed says so and names its key, and the rest can be read', async () => {
  const blind = reader([]);
  expect(await blind.loadSidecar(await sidecar())).toBeUndefined();
  const value = blind.value(KEY, stored);
  expect(value).toMatchObject({ header: { state: 'sealed' }, problem: { code: 'UNKNOWN_KEY_ID' } });
  expect(value.body).toBeUndefined();
  expect(entry(blind, 5)).toMatchObject({ kind: 'sealed', keyId: expect.any(Number) });
  expect(entry(blind, 5).payload).toBeUndefined();
  expect(entry(blind, 2)).toMatchObject({ kind: 'clear' });
  expect(entry(blind, 2).payload![0]).toBe(OPCODES.bootstrapEncryption);
  expect(blind.value(KEY, TOMBSTONE).header.tombstone).toBe(true);
});

test('a damaged value or entry is told with its problem, and an edited sidecar fails its MAC', async () => {
  const each = reader();
  const intact = await sidecar();
  await each.loadSidecar(intact);
  stored[stored.length - 1]! ^= 1;
  const { problem, body } = each.value(KEY, stored);
  expect((problem as CaissonError).code).toBe('ENCRYPTED_READ_INTEGRITY');
  expect(body).toBeUndefined();
  world.log[4]!.data.set([0xff], 40);
  expect(entry(each, 5).problem).toMatchObject({ code: 'RAFT_UNWRAP_FAILED' });
  const edited = {
    ...intact,
    groups: new Map([[1, { ...intact.groups.get(1)!, storageEnvelopeActive: false }]]),
  };
  expect(await reader().loadSidecar(edited)).toBe(false);
});

test('a wrong KEK is told as one', async () => {
  await expect(reader([localKek(2)]).loadSidecar(await sidecar())).rejects.toMatchObject({
    code: 'KEK_MISMATCH',
  });
});
