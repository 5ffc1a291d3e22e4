import { ManualClock, PlainStores, plaintextSide, SeededRandom } from '@caisson/compliance';
import { CaissonError, type GroupApplier, type ReplicatedGroup, type Store } from '@caisson/contracts';
import {
  type AuditLine,
  decodeAuditHead,
  decodeAuditLine,
  decodeAuditRow,
  encodeAuditEntry,
} from '@caisson/formats';
import { NodeHashes } from '@caisson/platform-node';
import { AuditApplier, AuditTrail, ChainWalk } from './index.js';

const hashes = new NodeHashes();
const ORDER = { what: 'encryption.rotate', detail: 'purpose=raft', who: 'ada', from: '10.0.0.1:4000' };

/** One replica: what is proposed is applied at once, unless a failure is planned for it. */
class Replica {
  readonly failures: { readonly error: CaissonError; readonly applies: boolean }[] = [];
  readonly clock = new ManualClock();
  readonly notes: unknown[] = [];
  readonly trail: AuditTrail;
  index = 0;

  private constructor(
    readonly store: Store,
    private applier: GroupApplier,
  ) {
    const group = {
      store,
      propose: async (payload: Uint8Array) => {
        const failure = this.failures.shift();
        if (failure === undefined || failure.applies) await this.apply(payload);
        if (failure) throw failure.error;
        return { position: this.index, outcome: { kind: 'applied' as const, result: new Uint8Array(0) } };
      },
      readBarrier: async () => ({ position: this.index, staleMs: 0 }),
    };
    const logger = { log: (...note: unknown[]) => void this.notes.push(note), child: () => logger };
    this.trail = new AuditTrail({
      engine: { groups: [1], group: () => group as unknown as ReplicatedGroup },
      directory: { identity: { name: 'n1', clusterId: new Uint8Array(16), birth: 'clear', format: 1 } },
      clock: this.clock,
      random: new SeededRandom(7),
      logger,
    });
  }

  static async open(): Promise<Replica> {
    const store = plaintextSide(await new PlainStores().open('group'));
    return new Replica(store, await new AuditApplier(hashes).open({ id: 1, store }));
  }

  async reopen(): Promise<void> {
    this.applier = await new AuditApplier(hashes).open({ id: 1, store: this.store });
  }

  async apply(payload: Uint8Array): Promise<void> {
    const batch = this.store.batch();
    const entry = { group: 1, term: 1, index: ++this.index, proposalId: 1n, payload };
    await this.applier.apply(entry, batch);
    await batch.write({ sync: false });
    this.applier.written();
  }

  /** Every line, after the chain was walked to its stored head. */
  async lines(first = 1): Promise<AuditLine[]> {
    const walk = new ChainWalk(hashes);
    const lines: AuditLine[] = [];
    for await (const { rows, head } of this.trail.read({ first, current: true }, {})) {
      for (const { number, row } of rows) {
        const decoded = decodeAuditRow(row);
        if (first === 1) walk.take(number, decoded);
        lines.push(decodeAuditLine(decoded.line));
      }
      if (head && first === 1) expect(walk.meet(decodeAuditHead(head), 'the head row')).toBeUndefined();
    }
    return lines;
  }

  /** Moves time on until `work` has settled. */
  async within<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const settled = () => void (isDone = true);
    void work.then(settled, settled);
    while (!isDone) {
      await new Promise(setImmediate);
      this.clock.advance(100);
    }
    return work;
  }
}

test('an order has a line for its beginning and one for its end, under one id', async () => {
  const replica = await Replica.open();
  const call = await replica.trail.begin(ORDER, {});
  replica.clock.advance(5);
  await call.end('ok');
  const [begun, ended, ...none] = await replica.lines();
  expect(begun).toMatchObject({ ...ORDER, kind: 'begun', node: 'n1', result: '', count: 1 });
  expect(ended).toMatchObject({ ...ORDER, kind: 'ended', node: 'n1', result: 'ok', call: begun!.call });
  expect(ended!.at - begun!.at).toBe(5n << 16n);
  expect(none).toEqual([]);
  expect(await replica.lines(2)).toHaveLength(1);
});

test('a line whose fate was unknown is proposed again and stands there once', async () => {
  const replica = await Replica.open();
  replica.failures.push({ error: new CaissonError('UNKNOWN_OUTCOME'), applies: true });
  replica.failures.push({ error: new CaissonError('ENVELOPE_CUTOVER_IN_PROGRESS'), applies: false });
  await replica.within(replica.trail.begin(ORDER, {}));
  expect(replica.index).toBe(2);
  expect(await replica.lines()).toHaveLength(1);
});

test('a line is told from one applied before the last start', async () => {
  const replica = await Replica.open();
  await replica.trail.begin(ORDER, {});
  const [line] = await replica.lines();
  await replica.reopen();
  await replica.apply(encodeAuditEntry(line!));
  expect(await replica.lines()).toHaveLength(1);
  await replica.apply(encodeAuditEntry({ ...line!, at: line!.at + 1n }));
  expect(await replica.lines()).toHaveLength(2);
});

test('an order whose beginning nobody commits is refused in the end, and one that cannot be at once', async () => {
  const replica = await Replica.open();
  const error = new CaissonError('NOT_LEADER');
  for (let times = 0; times < 200; times++) replica.failures.push({ error, applies: false });
  await expect(replica.within(replica.trail.begin(ORDER, {}))).rejects.toBe(error);
  expect(replica.failures.length).toBeGreaterThan(0);
  replica.failures.length = 0;
  const halted = new CaissonError('OPCODE_UNOWNED');
  replica.failures.push({ error: halted, applies: false });
  await expect(replica.trail.begin(ORDER, {})).rejects.toBe(halted);
  expect(await replica.lines()).toEqual([]);
});

test('a caller who leaves before the beginning is on record has ordered nothing', async () => {
  const replica = await Replica.open();
  const control = new AbortController();
  control.abort(new CaissonError('CANCELLED'));
  await expect(replica.trail.begin(ORDER, { signal: control.signal })).rejects.toMatchObject({
    code: 'CANCELLED',
  });
  expect(await replica.lines()).toEqual([]);
});

test('whoever is turned away a thousand times cannot fill the log', async () => {
  const replica = await Replica.open();
  for (let times = 0; times < 1000; times++) replica.trail.refused(ORDER, 'PERMISSION_DENIED');
  for (let at = 0; at < 50; at++) replica.trail.refused({ ...ORDER, who: `guess ${at}` }, 'UNAUTHENTICATED');
  await new Promise(setImmediate);
  replica.clock.advance(5_000);
  await new Promise(setImmediate);
  const lines = await replica.lines();
  expect(lines.length).toBeLessThanOrEqual(9);
  expect(lines.reduce((sum, { count }) => sum + count, 0)).toBe(1050);
  expect(lines[0]).toMatchObject({ kind: 'refused', result: 'PERMISSION_DENIED', count: 1 });
});

test('texts that are too long are shortened, and a refusal that cannot be recorded is logged', async () => {
  const replica = await Replica.open();
  await replica.trail.begin({ ...ORDER, detail: 'x'.repeat(5000) }, {});
  const [line] = await replica.lines();
  expect(line!.detail).toHaveLength(1024);
  expect(line!.detail.endsWith('…')).toBe(true);
  replica.failures.push({ error: new CaissonError('OPCODE_UNOWNED'), applies: false });
  replica.trail.refused(ORDER, 'UNAUTHENTICATED');
  await new Promise(setImmediate);
  expect(replica.notes).toHaveLength(1);
});
