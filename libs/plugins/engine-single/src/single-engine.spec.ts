import { CaissonError, isCaissonError } from '@caisson/contracts';
import { decodeGenesis, decodeProposal, encodeIndexRow, SYSTEM_KEYS } from '@caisson/formats';
import { Bench } from './testdata/bench.js';
import { TOY, ToyApplier, toyModel, toyRow } from './testdata/toy.js';
import { World } from './testdata/world.js';

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'resolved',
    (error: unknown) => (isCaissonError(error) ? error.code : error),
  );

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await turn();
};

describe('a new group', () => {
  it('begins with a clear genesis that names cluster, group and format', async () => {
    const bench = await new Bench().started();
    const { body } = decodeProposal(bench.world.archive.get(1)!.data);
    expect(decodeGenesis(body)).toMatchObject({ group: 1, format: 1 });
    expect(bench.world.get(SYSTEM_KEYS.clusterId)).toHaveLength(16);
    expect(bench.world.get(SYSTEM_KEYS.membership)).toBeDefined();
    expect(bench.engine.group(1).status()).toMatchObject({ applied: 1, durable: 1, leads: true, refused: 0 });
  });

  it('takes its epoch after the store is open and before anything is sealed', async () => {
    const order: string[] = [];
    const bench = new Bench({
      openGroup: () => void order.push('open'),
      beginSealing: async (log) => void order.push(`epoch at ${log?.last}`),
      seal: (index) => void order.push(`seal ${index}`),
    });
    await bench.started();
    expect(order).toEqual(['open', 'epoch at 0', 'seal 1']);
  });

  it('is founded once', async () => {
    const world = new World();
    const worlds = new Map([[1, world]]);
    await (await new Bench({ worlds }).started()).engine.stop();
    await new Bench({ worlds }).started();
    expect(world.archive.size).toBe(1);
  });
});

describe('proposals', () => {
  it('resolve with their position and what the applier answered', async () => {
    const bench = await new Bench().started();
    const { position, outcome } = await bench.propose(TOY.chain, 7);
    expect(position).toBe(2);
    const [row] = toyModel([{ index: 2, payload: Uint8Array.of(TOY.chain, 7) }]).values();
    expect(outcome).toMatchObject({ kind: 'applied', result: row });
  });

  it('take their places in the order of the calls', async () => {
    const bench = await new Bench().started();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, slot) => bench.propose(TOY.chain, slot)),
    );
    expect(answers.map(({ position }) => position)).toEqual(Array.from({ length: 50 }, (_, at) => at + 2));
  });

  it('that wait together share one append', async () => {
    const bench = await new Bench().started();
    const before = bench.world.appends;
    await Promise.all(Array.from({ length: 100 }, () => bench.propose(TOY.chain, 1)));
    expect(bench.world.appends - before).toBe(1);
  });

  it('are appended while earlier ones are applied', async () => {
    const bench = await new Bench().started();
    let open!: () => void;
    bench.toy.gate = new Promise((resolve) => (open = resolve));
    const first = bench.propose(TOY.chain, 1);
    await until(() => bench.engine.group(1).status().durable === 2);
    const second = bench.propose(TOY.chain, 1);
    await until(() => bench.engine.group(1).status().durable === 3);
    expect(bench.engine.group(1).status().applied).toBe(1);
    open();
    await Promise.all([first, second]);
    expect(bench.engine.group(1).status().applied).toBe(3);
  });

  it('that are refused at apply advance the index, are counted and hear why', async () => {
    const bench = await new Bench().started();
    const { outcome } = await bench.propose(TOY.refuse);
    expect(outcome).toMatchObject({ kind: 'refused', error: { code: 'TIMESTAMP_BEHIND' } });
    expect(bench.engine.group(1).status()).toMatchObject({ applied: 2, refused: 1 });
    expect(bench.world.get(SYSTEM_KEYS.refusedCount)).toEqual(encodeIndexRow(1));
  });

  it('of an opcode that nobody owns never reach the log', async () => {
    const bench = await new Bench().started();
    expect(await codeOf(bench.propose(0xee))).toBe('OPCODE_UNOWNED');
    expect(await codeOf(bench.propose())).toBe('INVALID_ARGUMENT');
    expect(bench.engine.group(1).status().durable).toBe(1);
  });

  it('are held back by source', async () => {
    const admission = (source: string) =>
      source === 'user' ? new CaissonError('ENCRYPTION_NOT_BOOTSTRAPPED') : undefined;
    const bench = await new Bench({ admission }).started();
    expect(await codeOf(bench.propose(TOY.chain))).toBe('ENCRYPTION_NOT_BOOTSTRAPPED');
    await bench.engine.group(1).propose(Uint8Array.of(TOY.chain), { source: 'system' });
  });

  it('beyond the limits are turned away at once, and the system still gets through', async () => {
    const bench = await new Bench({ config: { limits: { proposals: 2 } } }).started();
    const first = [bench.propose(TOY.chain), bench.propose(TOY.chain)];
    expect(await codeOf(bench.propose(TOY.chain))).toBe('TOO_MANY_REQUESTS');
    await bench.engine.group(1).propose(Uint8Array.of(TOY.chain), { source: 'system' });
    await Promise.all(first);
    await bench.propose(TOY.chain);
  });

  it('beyond the bytes are turned away, one too long for any queue for good', async () => {
    const limits = { proposalBytes: 8, payloadBytes: 10 };
    const bench = await new Bench({ config: { limits } }).started();
    const first = bench.propose(TOY.chain, 1, 2, 3, 4);
    expect(await codeOf(bench.propose(TOY.chain, 1, 2, 3, 4))).toBe('TOO_MANY_REQUESTS');
    expect(await codeOf(bench.propose(TOY.chain, ...new Array<number>(10).fill(0)))).toBe('INVALID_ARGUMENT');
    await first;
    await bench.propose(TOY.chain, ...new Array<number>(9).fill(0));
  });

  it('whose caller gives up are applied all the same', async () => {
    const bench = await new Bench().started();
    const abort = new AbortController();
    const given = bench.engine
      .group(1)
      .propose(Uint8Array.of(TOY.chain), { source: 'user', signal: abort.signal });
    abort.abort();
    expect(await codeOf(given)).toBe('CANCELLED');
    await bench.propose(TOY.chain);
    expect(bench.engine.group(1).status().applied).toBe(3);
  });

  it('whose caller gave up before the call leave no trace', async () => {
    const bench = await new Bench().started();
    const options = { source: 'user', signal: AbortSignal.abort() } as const;
    expect(await codeOf(bench.engine.group(1).propose(Uint8Array.of(TOY.chain), options))).toBe('CANCELLED');
    await bench.propose(TOY.chain);
    expect(bench.engine.group(1).status().applied).toBe(2);
  });

  it('that cannot be sealed fail alone and take no place', async () => {
    let refuse = false;
    const seal = (): void => {
      if (!refuse) return;
      refuse = false;
      throw new CaissonError('WRITE_COUNT_EXHAUSTED');
    };
    const bench = await new Bench({ seal }).started();
    refuse = true;
    const answers = await Promise.all([codeOf(bench.propose(TOY.chain)), codeOf(bench.propose(TOY.chain))]);
    expect(answers).toEqual(['WRITE_COUNT_EXHAUSTED', 'resolved']);
    expect(bench.engine.group(1).status()).toMatchObject({ applied: 2, durable: 2 });
  });
});

describe('store batches', () => {
  it('are not synced unless the outcome asks for it', async () => {
    const bench = await new Bench().started();
    await bench.propose(TOY.chain);
    expect(bench.world.syncedBatches).toBe(0);
    await bench.propose(TOY.alone);
    expect(bench.world.syncedBatches).toBe(1);
  });

  it('of maintenance run between applies until there is no more', async () => {
    const bench = await new Bench().started();
    let left = 3;
    const work = bench.engine.group(1).maintain(async (batch) => {
      batch.put(toyRow(200 + left), Uint8Array.of(left));
      return { more: --left > 0 };
    });
    await Promise.all([work, bench.propose(TOY.chain), bench.propose(TOY.chain)]);
    expect([201, 202, 203].map((slot) => bench.world.get(toyRow(slot)))).not.toContain(undefined);
  });

  it('of maintenance end when the signal aborts or the slice fails', async () => {
    const bench = await new Bench().started();
    const abort = new AbortController();
    let slices = 0;
    await bench.engine.group(1).maintain(async () => {
      if (++slices === 2) abort.abort();
      return { more: true };
    }, abort.signal);
    expect(slices).toBe(2);
    const failing = bench.engine.group(1).maintain(async () => {
      throw new CaissonError('CORRUPTION');
    });
    expect(await codeOf(failing)).toBe('CORRUPTION');
    await bench.propose(TOY.chain);
    expect(bench.fatal).toEqual([]);
  });
});

describe('an entry that must not be skipped', () => {
  it('halts the group, keeps what came before and answers nobody as failed', async () => {
    const bench = await new Bench().started();
    const answers = [TOY.chain, TOY.fail, TOY.chain].map((opcode) => codeOf(bench.propose(opcode)));
    expect(await Promise.all(answers)).toEqual(['resolved', 'APPLY_HALTED', 'APPLY_HALTED']);
    expect(bench.engine.group(1).status()).toMatchObject({ applied: 2, durable: 4, leads: false });
    expect(bench.fatal).toHaveLength(1);
    expect(bench.fatal[0]).toMatchObject({
      code: 'APPLY_HALTED',
      details: { group: 1, index: 3, term: 1, reason: 'KEK_NOT_CONFIGURED', nextStep: expect.any(String) },
    });
    expect(await codeOf(bench.propose(TOY.chain))).toBe('APPLY_HALTED');
    expect(await codeOf(bench.engine.group(1).readBarrier('linearizable'))).toBe('APPLY_HALTED');
    expect(await bench.engine.group(1).readBarrier('stale')).toEqual({ position: 2, staleMs: 0 });
    expect(bench.engine.health().status).toBe('failed');
  });

  it('takes its whole batch with it when it left something there', async () => {
    const bench = await new Bench().started();
    const answers = [TOY.chain, TOY.dirtyFail].map((opcode) => codeOf(bench.propose(opcode)));
    expect(await Promise.all(answers)).toEqual(['APPLY_HALTED', 'APPLY_HALTED']);
    expect(bench.engine.group(1).status().applied).toBe(1);
  });

  it('is replayed by the restart, which goes on once the cause is removed', async () => {
    const worlds = new Map([[1, new World()]]);
    const bench = await new Bench({ worlds }).started();
    await codeOf(bench.propose(TOY.fail));
    await bench.engine.stop();
    const still = new Bench({ worlds });
    expect(await codeOf(still.engine.start())).toBe('APPLY_HALTED');
    expect(still.world.closed.filter((part) => part === 'log')).toHaveLength(2);
    const repaired = new Bench({ worlds });
    repaired.toy.repaired = true;
    await repaired.started();
    expect(repaired.engine.group(1).status().applied).toBe(2);
    expect(repaired.toy.seen).toEqual([2]);
  });
});

describe('a failing disk', () => {
  it('under the log leaves callers with an unknown outcome and ends the process', async () => {
    const bench = await new Bench().started();
    bench.world.failAppend = new CaissonError('DISK_FULL');
    expect(await codeOf(bench.propose(TOY.chain))).toBe('UNKNOWN_OUTCOME');
    expect(bench.fatal.map(({ code }) => code)).toEqual(['DISK_FULL']);
    expect(await codeOf(bench.propose(TOY.chain))).toBe('DRAINING');
  });

  it('under the store halts before the entry', async () => {
    const bench = await new Bench().started();
    bench.world.failWrite = new CaissonError('DISK_FULL');
    expect(await codeOf(bench.propose(TOY.chain))).toBe('APPLY_HALTED');
    expect(bench.fatal[0]).toMatchObject({ details: { index: 2, reason: 'DISK_FULL' } });
  });

  it('under maintenance halts the group too', async () => {
    const bench = await new Bench().started();
    bench.world.failWrite = new CaissonError('DISK_ERROR');
    const work = bench.engine.group(1).maintain(async (batch) => {
      batch.put(toyRow(1), Uint8Array.of(1));
      return { more: true };
    });
    expect(await codeOf(work)).toBe('DISK_ERROR');
    expect(bench.fatal[0]).toMatchObject({ code: 'APPLY_HALTED', details: { reason: 'DISK_ERROR' } });
  });
});

describe('the start', () => {
  it('refuses a log that ends below what the store has applied', async () => {
    const world = new World();
    world.put(SYSTEM_KEYS.appliedIndex, encodeIndexRow(5));
    expect(await codeOf(new Bench({ worlds: new Map([[1, world]]) }).engine.start())).toBe('CORRUPTION');
    expect(world.closed).toEqual(['store', 'log']);
  });

  it('refuses a log that begins above what the store has applied', async () => {
    const world = new World();
    world.start = { index: 5, term: 1 };
    expect(await codeOf(new Bench({ worlds: new Map([[1, world]]) }).engine.start())).toBe('CORRUPTION');
  });

  it('closes the groups before the one that fails', async () => {
    const worlds = new Map([1, 2, 3].map((id) => [id, new World()]));
    const openGroup = (id: number): void => {
      if (id === 3) throw new CaissonError('CORRUPTION');
    };
    const bench = new Bench({ worlds, openGroup, config: { groups: [3, 1, 2] } });
    expect(bench.engine.groups).toEqual([1, 2, 3]);
    expect(await codeOf(bench.engine.start())).toBe('CORRUPTION');
    expect([...worlds.values()].map(({ closed }) => closed)).toEqual([
      ['store', 'log'],
      ['store', 'log'],
      ['log'],
    ]);
    await bench.engine.stop();
  });

  it('refuses two owners of an opcode before anything is opened', () => {
    expect(() => new Bench({ appliers: [new ToyApplier(), new ToyApplier()] })).toThrow(/PLAN_INVALID/);
    const genesisThief = { ...new ToyApplier(), id: 'thief', opcodes: [{ first: 8, last: 9, alone: false }] };
    expect(() => new Bench({ appliers: [genesisThief as never] })).toThrow(/PLAN_INVALID/);
  });

  it('replays what the store does not hold, once, in chunks', async () => {
    const worlds = new Map([[1, new World()]]);
    const before = await new Bench({ worlds }).started();
    await Promise.all(Array.from({ length: 20 }, () => before.propose(TOY.chain, 1, 2, 3)));
    const rows = worlds.get(1)!.rows();
    worlds.get(1)!.restart(1000);
    const after = await new Bench({ worlds, config: { limits: { replayBytes: 30 } } }).started();
    expect(after.toy.seen).toEqual(Array.from({ length: 20 }, (_, at) => at + 2));
    expect(worlds.get(1)!.rows()).toEqual(rows);
  });
});

describe('compaction', () => {
  const config = { compaction: { entries: 10, keepEntries: 3 } };

  it('syncs the store first and keeps the tail', async () => {
    const bench = await new Bench({ config }).started();
    for (let at = 0; at < 30; at++) await bench.propose(TOY.chain, at);
    await until(() => bench.world.start.index >= 20);
    expect(bench.world.syncedBatches).toBeGreaterThan(0);
    expect(bench.world.start.index).toBeLessThanOrEqual(31 - 3);
  });

  it('follows bytes as well', async () => {
    const bench = await new Bench({ config: { compaction: { bytes: 100 } } }).started();
    for (let at = 0; at < 30; at++) await bench.propose(TOY.chain, at);
    expect(bench.world.start.index).toBeGreaterThan(10);
  });
});

describe('the end', () => {
  it('drains: refuses new work and finishes what is in flight', async () => {
    const bench = await new Bench().started();
    const inFlight = [bench.propose(TOY.chain), bench.propose(TOY.chain)];
    const drained = bench.engine.drain();
    expect(await codeOf(bench.propose(TOY.chain))).toBe('DRAINING');
    await drained;
    expect(bench.engine.group(1).status()).toMatchObject({ applied: 3, leads: false });
    await Promise.all(inFlight);
    await bench.engine.stop();
    expect(bench.world.closed).toEqual(['store', 'log']);
  });

  it('stops without a drain and leaves nobody waiting', async () => {
    const bench = await new Bench({ config: { limits: { appendEntries: 1 } } }).started();
    const waiting = Array.from({ length: 5 }, () => codeOf(bench.propose(TOY.chain)));
    await turn();
    await bench.engine.stop();
    for (const code of await Promise.all(waiting))
      expect(['resolved', 'DRAINING', 'UNKNOWN_OUTCOME']).toContain(code);
    await bench.engine.stop();
  });

  it('ends maintenance without a fault', async () => {
    const bench = await new Bench().started();
    const work = codeOf(
      bench.engine.group(1).maintain(async (batch) => {
        batch.put(toyRow(1), Uint8Array.of(1));
        return { more: true };
      }),
    );
    await turn();
    const stopped = bench.engine
      .stop()
      .then(() => (bench.world.failWrite = new CaissonError('STORE_CLOSED')));
    expect(await work).toBe('DRAINING');
    await stopped;
    expect(bench.fatal).toEqual([]);
  });

  it('does not wait longer for a drain than it is told to', async () => {
    const bench = await new Bench().started();
    bench.toy.gate = new Promise(() => undefined);
    void codeOf(bench.propose(TOY.chain));
    const abort = new AbortController();
    const drained = bench.engine.drain(abort.signal);
    abort.abort();
    await drained;
    expect(bench.engine.group(1).status().applied).toBe(1);
  });
});

describe('the contract’s rest', () => {
  it('is honest about what one node cannot do', async () => {
    const { engine } = await new Bench().started();
    expect(engine.capabilities).toEqual({ membership: false, snapshots: false });
    expect(await codeOf(engine.changeMembership())).toBe('UNIMPLEMENTED');
    expect(await codeOf(engine.transferLeadership())).toBe('UNIMPLEMENTED');
    expect(await codeOf(engine.takeSnapshot())).toBe('UNIMPLEMENTED');
    expect(() => engine.group(9)).toThrow(/INVALID_ARGUMENT/);
  });
});
