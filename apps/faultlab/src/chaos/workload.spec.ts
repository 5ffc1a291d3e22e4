import type { CaissonClient } from '@caisson/client';
import { judgeHistory } from '@caisson/simulator';
import { setTimeout as sleep } from 'node:timers/promises';
import { Lists } from './lists.js';
import { Registers } from './registers.js';

/** A store in memory behind the face of a client, honest unless told otherwise. */
class Shelf {
  readonly values = new Map<string, Buffer>();
  forgetsEvery = 0;
  tearsEvery = 0;
  #writes = 0;

  readonly client = {
    get: (key: string) => Promise.resolve(this.values.get(key)),
    put: (key: string, value: string) => Promise.resolve(this.#put(key, value)),
    compareAndSet: (key: string, expect: { kind: string; value?: Buffer }, to: { value: Buffer }) => {
      const found = this.values.get(key);
      const holds = expect.kind === 'absent' ? found === undefined : found?.equals(expect.value!) === true;
      if (holds) this.#put(key, to.value.toString());
      return Promise.resolve(holds ? { kind: 'committed' } : { kind: 'failed' });
    },
    transact: async (work: (transaction: object) => Promise<void>) => {
      const writes: [string, string][] = [];
      await work({ get: this.client.get, put: (key: string, value: string) => writes.push([key, value]) });
      const isTorn = this.tearsEvery > 0 && ++this.#writes % this.tearsEvery === 0;
      for (const [key, value] of isTorn ? writes.slice(1) : writes) this.values.set(key, Buffer.from(value));
      return { kind: 'committed' };
    },
  } as unknown as CaissonClient;

  #put(key: string, value: string): void {
    const forgets = this.forgetsEvery > 0 && ++this.#writes % this.forgetsEvery === 0;
    if (!forgets) this.values.set(key, Buffer.from(value));
  }
}

async function verdicts(shelf: Shelf): Promise<ReadonlySet<string>> {
  const registers = new Registers(shelf.client, 1, 4);
  while (registers.operations < 300) await sleep(10);
  await registers.stop();
  await registers.readAll();
  return new Set([...registers.histories.values()].map((history) => judgeHistory(history).verdict));
}

test('registers of an honest store are linearizable', async () => {
  expect(await verdicts(new Shelf())).toEqual(new Set(['linearizable']));
});

test('a store that forgets an acknowledged write now and then is found out', async () => {
  const shelf = new Shelf();
  shelf.forgetsEvery = 5;
  expect(await verdicts(shelf)).toContain('violated');
});

test('a store that carries out half a transaction is found out, and an honest one is not', async () => {
  for (const tearsEvery of [0, 3]) {
    const shelf = new Shelf();
    shelf.tearsEvery = tearsEvery;
    const lists = new Lists(shelf.client, 1);
    while (lists.transactions < 7) await sleep(10);
    await lists.stop();
    await lists.judge();
    expect(lists.faults.length > 0).toBe(tearsEvery > 0);
  }
});
