import { toUtf8 } from '@caisson/base';
import type { AnyService, UntrustedStores } from '@caisson/contracts';
import { MemoryStores } from './memory-stores.js';
import { storeMemory, storeMemoryOver } from './plugin.js';

const key = toUtf8('key');
const value = toUtf8('value');

describe('MemoryStores', () => {
  it('finds the content of a directory again after its store was closed', async () => {
    const stores = new MemoryStores();
    const first = await stores.open('/a');
    await first.batch().put(key, value).write({ sync: false });
    await first.close();
    const second = await stores.open('/a');
    expect(await second.get(key)).toEqual(value);
    expect(await (await stores.open('/b')).get(key)).toBeUndefined();
  });

  it('is back at the last synced batch after a crash', async () => {
    const stores = new MemoryStores();
    const store = await stores.open('/a');
    await store.batch().put(key, value).write({ sync: true });
    await store.batch().delete(key).write({ sync: false });
    stores.crash();
    await expect(store.get(key)).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    expect(await (await stores.open('/a')).get(key)).toEqual(value);
  });

  it('catches a caller who writes two batches at once', async () => {
    const store = await new MemoryStores().open('/a');
    const first = store.batch().put(key, value).write({ sync: true });
    await expect(store.batch().delete(key).write({ sync: true })).rejects.toMatchObject({ id: 'STORE-1' });
    await first;
    expect(await store.get(key)).toEqual(value);
  });

  it('catches a caller who uses a batch again', async () => {
    const store = await new MemoryStores().open('/a');
    const batch = store.batch().put(key, value);
    await batch.write({ sync: true });
    expect(() => batch.delete(key)).toThrow('STORE-2');
    await expect(batch.write({ sync: true })).rejects.toMatchObject({ id: 'STORE-2' });
  });

  it('finishes the write that runs when it is closed', async () => {
    const stores = new MemoryStores();
    const store = await stores.open('/a');
    const write = store.batch().put(key, value).write({ sync: false });
    await store.close();
    await write;
    expect(await (await stores.open('/a')).get(key)).toEqual(value);
  });

  it('catches a caller who moves or removes what is in use, or covers another store', async () => {
    const stores = new MemoryStores();
    const store = await stores.open('/a');
    await expect(stores.move('/a', '/b')).rejects.toMatchObject({ id: 'STORE-4' });
    await expect(stores.remove('/a')).rejects.toMatchObject({ id: 'STORE-4' });
    await store.close();
    await (await stores.open('/b')).close();
    await expect(stores.move('/a', '/b')).rejects.toMatchObject({ id: 'STORE-4' });
    await expect(stores.move('/none', '/c')).rejects.toMatchObject({ id: 'STORE-4' });
  });
});

describe('storeMemory', () => {
  function created(services: readonly AnyService[]): UntrustedStores {
    return services[0]!.create({}, { degraded() {}, recovered() {}, fatal() {} }) as UntrustedStores;
  }

  function validated(input: unknown): unknown {
    return storeMemory.config!['~standard'].validate(input);
  }

  it('claims synced writes unless the configuration says otherwise', () => {
    expect(created(storeMemory.services({})).capabilities.syncedWrites).toBe(true);
    expect(created(storeMemory.services({ syncedWrites: false })).capabilities.syncedWrites).toBe(false);
  });

  it('reports every problem of its section with the path', () => {
    expect(validated(undefined)).toEqual({ value: {} });
    expect(validated({ syncedWrites: false })).toEqual({ value: { syncedWrites: false } });
    expect(validated('yes')).toEqual({ issues: [{ message: 'expected an object' }] });
    expect(validated({ syncedWrites: 'yes', size: 1 })).toMatchObject({
      issues: [{ path: ['size'] }, { path: ['syncedWrites'] }],
    });
  });

  it('provides stores that outlive a host when they are handed in', () => {
    const stores = new MemoryStores();
    expect(created(storeMemoryOver(stores).services({}))).toBe(stores);
    expect(created(storeMemoryOver(stores).services({}))).toBe(stores);
  });
});
