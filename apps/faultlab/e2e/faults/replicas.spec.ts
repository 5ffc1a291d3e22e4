import { toUtf8 } from '@caisson/base';
import { override } from '@caisson/compliance';
import { CaissonError } from '@caisson/contracts';
import { FORGETFUL_ENGINE } from '../../src/cluster/engine.js';
import { Lab, type LabOptions } from './lab.js';
import { Ledger } from './ledger.js';
import { Media } from './media.js';
import type { LabNode, Setting } from './node.js';

let lab: Lab;
afterEach(() => lab.end());

async function agree(): Promise<ReadonlyMap<string, string>> {
  await lab.even();
  const [first, ...others] = await Promise.all(lab.nodes.map((node) => lab.rows(node)));
  for (const other of others) expect(other).toEqual(first);
  for (const node of lab.nodes) expect(node.fatal).toBeUndefined();
  return lab.pairs(await lab.led());
}

async function lead(node: LabNode): Promise<void> {
  for (let leader = await lab.led(); leader !== node; leader = await lab.led()) {
    await lab.failure(leader.engine.transferLeadership(1, node.name));
    await lab.pass(50);
  }
}

function values(count: number): ReadonlyMap<string, string> {
  return new Map(
    Array.from({ length: count }, (_, at) => [`k${String(at).padStart(3, '0')}`, `value ${at}`]),
  );
}

test('a node that has nothing but a snapshot has its keys: it reads what all of them sealed, and leads', async () => {
  lab = await Lab.of(2, { engine: FORGETFUL_ENGINE });
  const all = values(60);
  const [first, second, third] = [...all]
    .map((pair) => new Map([pair]))
    .reduce(
      (parts, part, at) => {
        for (const [key, value] of part) parts[at % 3]!.set(key, value);
        return parts;
      },
      [new Map<string, string>(), new Map<string, string>(), new Map<string, string>()],
    );
  await lab.writeAll(first!);
  for (const purpose of ['storage', 'raft'] as const) await lab.rotate(purpose);
  await lab.writeAll(second!);
  await lab.rotate('storage');
  for (const [key, value] of third!) await lab.write(key, value);
  const fresh = await lab.grow();
  expect(lab.lines).toContainEqual(expect.stringContaining(`${fresh.name}: installed a snapshot`));
  await lead(fresh);
  expect(await agree()).toEqual(all);
  await lab.settled(fresh.stop());
  await lab.settled(fresh.start());
  await lead(fresh);
  expect(await agree()).toEqual(all);
});

test('an entry whose effects cannot be written is answered by nobody as if it were applied, and replayed', async () => {
  let isFull = false;
  const stores: Setting['stores'] = (sound) =>
    override(sound, {
      open: async (...args) => {
        const store = await sound.open(...args);
        const batch = () => {
          const whole = store.batch();
          const write: typeof whole.write = async (options) => {
            if (isFull)
              throw new CaissonError('DISK_FULL', { operation: 'write', path: '/', errno: 'ENOSPC' });
            return whole.write(options);
          };
          return override(whole, { write });
        };
        return override(store, { batch });
      },
    });
  lab = await Lab.of(3);
  const node = lab.node('n1');
  await lab.settled(node.stop());
  await lab.settled(node.start({ stores }));
  await lead(node);
  await lab.write('a', 'before');
  isFull = true;
  const mutations = [{ op: 'put' as const, key: toUtf8('a'), value: toUtf8('after') }];
  const answer = node.kv.write({ mutations }, {}).then(
    ({ kind }) => kind,
    ({ code }: { code: string }) => code,
  );
  const heard = await lab.settled(Promise.race([answer, lab.clock.sleep(5000).then(() => 'silence')]));
  expect(['APPLY_HALTED', 'UNKNOWN_OUTCOME', 'silence']).toContain(heard);
  await lab.until('it ends', () => node.isDown);
  expect(node.fatal).toMatchObject({ code: 'APPLY_HALTED', details: { reason: 'DISK_FULL' } });
  await lab.write('b', 'meanwhile');
  isFull = false;
  await lab.settled(node.start({ stores }));
  expect(await agree()).toEqual(
    new Map([
      ['a', 'after'],
      ['b', 'meanwhile'],
    ]),
  );
});

test('entries about keys that are replayed over a newer sidecar repeat no effect: epochs go up, never back', async () => {
  lab = await Lab.of(3);
  const node = lab.node('n3');
  await lab.writeAll(values(5));
  node.kill();
  const older = await node.media.image();
  await lab.settled(node.start());
  await lab.rotate('storage');
  await lab.rotate('raft');
  for (let restart = 0; restart < 3; restart++) {
    await lab.settled(node.stop());
    await lab.settled(node.start());
    await lab.even();
  }
  const before = new Map(node.encryption.keys.map(({ keyId, localEpoch }) => [keyId, localEpoch]));
  node.kill();
  node.media = await Media.of({ files: node.media, store: older, log: node.media });
  await lab.settled(node.start());
  expect(await agree()).toEqual(values(5));
  for (const { keyId, localEpoch, state } of node.encryption.keys) {
    if (state === 'active') expect(localEpoch).toBeGreaterThan(before.get(keyId)!);
    else expect(localEpoch).toBeGreaterThanOrEqual(before.get(keyId)!);
  }
  expect(lab.ledger.repeats).toEqual([]);
});

const DRAWS = [0, 1, 2];

describe.each(['safe', 'lease-based'] as const)('a linearizable read (%s)', (reads) => {
  const options: LabOptions = { engine: { ...FORGETFUL_ENGINE, compaction: undefined, reads } };

  // How soon others elect somebody is a matter of luck: the earlier, the nearer to the end of a lease.
  test.each(DRAWS)(
    'through a leader that was cut off never answers what others have overwritten (%i)',
    async (draw) => {
      const ledger = new Ledger();
      for (let drawn = 0; drawn < draw; drawn++) ledger.nextSeed();
      lab = await Lab.of(3, { ...options, ledger });
      await lab.write('a', 'old');
      // Whoever has just started keeps its vote for a while.
      await lab.pass(600);
      const old = await lab.led();
      const heard: { readonly begunMs: number; readonly value: string }[] = [];
      const read = (): void => {
        const begunMs = lab.clock.monotonicMs();
        old.kv.get({ key: toUtf8('a') }, {}).then(
          ({ found }) => heard.push({ begunMs, value: Buffer.from(found!.value).toString() }),
          () => undefined,
        );
      };
      await lab.read(old, 'a');
      lab.isolate(old);
      const cutMs = lab.clock.monotonicMs();
      const successor = () => lab.up.find((node) => node !== old && node.group.status().leads);
      for (let passed = 0; passed < 3000 && successor() === undefined; passed += 5) {
        read();
        await lab.pass(5);
      }
      const mutations = [{ op: 'put' as const, key: toUtf8('a'), value: toUtf8('new') }];
      await lab.settled(successor()!.kv.write({ mutations }, {}));
      const writtenMs = lab.clock.monotonicMs();
      for (let passed = 0; passed < 1000; passed += 5) {
        read();
        await lab.pass(5);
      }
      expect(heard.filter(({ begunMs, value }) => begunMs >= writtenMs && value === 'old')).toEqual([]);
      const alone = heard.filter(({ begunMs }) => begunMs > cutMs && begunMs < writtenMs);
      expect(alone.length > 0).toBe(reads === 'lease-based');
      lab.heal();
      await lab.even();
      expect(await lab.read(old, 'a')).toBe('new');
    },
  );

  test('through a leader that has just handed over sees what the next one has acknowledged', async () => {
    lab = await Lab.of(3, options);
    for (let round = 0; round < 6; round++) {
      const old = await lab.led();
      await lead(lab.nodes.find((node) => node !== old)!);
      await lab.write('a', `value ${round}`);
      expect(await lab.read(old, 'a')).toBe(`value ${round}`);
    }
  });
});

test('replicas with clocks an hour apart, and other settings, come to the same state', async () => {
  const HOUR_MS = 3_600_000;
  lab = await Lab.of(1);
  await lab.grow('voter', { skewMs: HOUR_MS });
  await lab.grow('voter', { skewMs: -HOUR_MS, envelopeVersion: 1 });
  for (const [at, node] of lab.nodes.entries()) {
    await lead(node);
    const { kv } = node;
    const put = (key: string, ttlMs?: number) =>
      ({ op: 'put', key: toUtf8(key), value: toUtf8(`by ${at}`), ...(ttlMs && { ttlMs }) }) as const;
    await lab.settled(kv.write({ mutations: [put(`k${at}`), put('shared'), put(`brief${at}`, 1000)] }, {}));
    await lab.settled(kv.write({ mutations: [{ op: 'delete', key: toUtf8('shared') }] }, {}));
  }
  expect((await agree()).size).toBeGreaterThanOrEqual(3);
});
