import { fromUtf8 } from '@caisson/base';
import { CaissonError, isCaissonError } from '@caisson/contracts';
import { OPCODES, PROPOSAL_KIND } from '@caisson/formats';
import { NodeEncryption } from '../src/index.js';
import { note } from './mini-engine.js';
import { driven, readNote, withUnwrap, withWrap, World } from './world.js';

let world: World;

beforeEach(() => {
  world = new World();
});

test('a node born encrypted makes its keys, enables both envelopes, and only then admits a user', async () => {
  const { node, session, engine, drive } = await world.start();
  await expect(engine.propose(note('a', 'early'))).rejects.toMatchObject({
    code: 'ENCRYPTION_NOT_BOOTSTRAPPED',
  });
  await drive();
  expect(world.log.map(({ data }) => [data[0], data[9]])).toEqual([
    [PROPOSAL_KIND.clear, OPCODES.genesis],
    [PROPOSAL_KIND.clear, OPCODES.bootstrapEncryption],
    [PROPOSAL_KIND.clear, OPCODES.keyLifecycle],
    [PROPOSAL_KIND.clear, OPCODES.keyLifecycle],
  ]);
  expect(session.admission('user')).toBeUndefined();
  expect(node.status()).toMatchObject({
    enabled: true,
    keys: [
      { state: 'active', localEpoch: 0 },
      { state: 'active', localEpoch: 0 },
    ],
    groups: [
      {
        group: 1,
        bootstrapped: true,
        storageEnvelopeActive: true,
        storageEnvelopeCutoverIndex: 3,
        raftEnvelopeCutoverIndex: 4,
        registered: true,
      },
    ],
  });
});

test('what a user writes is sealed in the store and in the log, and reads back', async () => {
  const running = await driven(world);
  await running.engine.propose(note('name', 'a value nobody else may read'));
  expect(await readNote(running, 'name')).toBe('a value nobody else may read');
  expect(world.log.at(-1)!.data[0]).toBe(PROPOSAL_KIND.sealed);
  const bytes = [...world.log.map(({ data }) => data), ...(await world.stored())];
  for (const each of bytes) expect(Buffer.from(each).includes('nobody else')).toBe(false);
});

test('every start takes a new epoch and registers it before it admits a user', async () => {
  const first = await driven(world);
  await first.engine.propose(note('a', 'one'));
  await first.stop();
  const second = await world.start();
  expect(second.session.admission('user')).toMatchObject({ code: 'WRITER_NOT_REGISTERED' });
  expect(second.session.admission('system')).toBeUndefined();
  await second.drive();
  expect(second.session.admission('user')).toBeUndefined();
  expect(second.node.status().keys.map(({ localEpoch }) => localEpoch)).toEqual([1, 1]);
  await second.engine.propose(note('b', 'two'));
  expect(await readNote(second, 'a')).toBe('one');
  expect(await readNote(second, 'b')).toBe('two');
});

test('a kill before the batch of any entry of the first start leaves a node that the next start finishes', async () => {
  for (let killed = 1; killed <= 4; killed++) {
    world = new World();
    world.willWrite = (index) => {
      if (index === killed) throw new Error('killed');
    };
    const first = await world.start().catch(() => undefined);
    expect(first === undefined).toBe(killed === 1);
    if (first !== undefined) await expect(first.drive()).rejects.toThrow('killed');
    world.crash();
    const second = await driven(world);
    expect(second.session.isEncrypted).toBe(true);
    await second.engine.propose(note('a', 'kept'));
    expect(await readNote(second, 'a')).toBe('kept');
    expect(world.log.filter(({ data }) => data[9] === OPCODES.bootstrapEncryption)).toHaveLength(1);
    await second.stop();
    const third = await driven(world);
    expect(await readNote(third, 'a')).toBe('kept');
    await third.stop();
  }
});

test('a kill at any disk step of the first start leaves a node that the next start finishes', async () => {
  for (let killed = 1; ; killed++) {
    world = new World();
    let steps = 0;
    world.disk.onStep = () => {
      if (++steps >= killed) throw new Error('killed');
    };
    const running = await world.start().catch(() => undefined);
    await running?.drive().catch(() => undefined);
    if (steps < killed) {
      expect(killed).toBeGreaterThan(15);
      break;
    }
    world.crash();
    const second = await driven(world);
    await second.engine.propose(note('a', 'kept'));
    expect(await readNote(second, 'a')).toBe('kept');
    await second.stop();
  }
});

test('entries that were applied but not synced are replayed under a new epoch and read the same', async () => {
  const first = await driven(world);
  await first.engine.propose(note('a', 'one'));
  world.crash();
  const second = await driven(world);
  expect(await readNote(second, 'a')).toBe('one');
  expect(second.node.status().keys.map(({ localEpoch }) => localEpoch)).toEqual([1, 1]);
});

test('with encryption off values and entries pass clear and nothing is held back', async () => {
  world = new World({ birth: 'clear' });
  const running = await world.start({ config: { enabled: false, envelopeVersion: 1 }, keks: [] });
  await running.drive();
  await running.engine.propose(note('a', 'plain'));
  expect(await readNote(running, 'a')).toBe('plain');
  expect(Buffer.from(world.log.at(-1)!.data).includes('plain')).toBe(true);
  expect(world.disk.files.size).toBe(0);
});

test('a node born clear stays clear with encryption on, until somebody enables it', async () => {
  world = new World({ birth: 'clear' });
  const running = await driven(world);
  await running.engine.propose(note('a', 'plain'));
  expect(world.log).toHaveLength(2);
  expect(running.session.admission('user')).toBeUndefined();
  expect(running.node.status().groups).toMatchObject([{ bootstrapped: false }]);
});

test('a scan and a view open every value, in both directions', async () => {
  const running = await driven(world);
  for (const key of ['a', 'b', 'c']) await running.engine.propose(note(key, `value of ${key}`));
  for (const direction of ['forward', 'reverse'] as const) {
    const view = running.session.store.view(direction);
    const pairs = await view.scan({ from: Uint8Array.of(2), to: Uint8Array.of(3) }).next();
    const values = pairs.map(({ value }) => fromUtf8(value.subarray(9)));
    const forward = ['value of a', 'value of b', 'value of c'];
    expect(values).toEqual(direction === 'forward' ? forward : forward.toReversed());
    const [first] = pairs;
    expect(await view.get(first!.key)).toEqual(first!.value);
    await view.close();
  }
});

test('a key service that is out of reach is waited for, and health says so meanwhile', async () => {
  const [kek] = world.keks;
  let outages = 5;
  const reasons: (string | undefined)[] = [];
  world.keks = [
    withWrap(kek!, (...args) => {
      reasons.push(world.degraded);
      return outages-- > 0 ? Promise.reject(new CaissonError('KEK_UNREACHABLE')) : kek!.wrap(...args);
    }),
  ];
  const running = await driven(world);
  expect(world.clock.slept).toBe(5);
  expect(reasons).toContainEqual(expect.stringContaining('KEK_UNREACHABLE'));
  expect(world.degraded).toBeUndefined();
  expect(running.session.isEncrypted).toBe(true);
});

test('a failure that does not pass ends the start with its own code', async () => {
  const [kek] = world.keks;
  world.keks = [withWrap(kek!, () => Promise.reject(new CaissonError('KEK_DENIED')))];
  const running = await world.start();
  const error = await running.drive().catch((failure: unknown) => failure);
  expect(isCaissonError(error, 'KEK_DENIED')).toBe(true);
  expect(running.session.admission('user')).toMatchObject({ code: 'ENCRYPTION_NOT_BOOTSTRAPPED' });
});

test('a start waits for a key service that is out of reach, opens nothing meanwhile, and ends when told to', async () => {
  await (await driven(world)).stop();
  const [kek] = world.keks;
  let outages = 3;
  const flaky = withUnwrap(kek!, (...args) =>
    outages-- > 0 ? Promise.reject(new CaissonError('KEK_UNREACHABLE')) : kek!.unwrap(...args),
  );
  const node = new NodeEncryption(world.parts({ keks: [flaky] }));
  const opening = node.open();
  await world.clock.turn();
  expect(world.degraded).toContain('KEK_UNREACHABLE');
  await expect(node.openGroup(1)).rejects.toThrow('ENC-5');
  await opening;
  expect(world.degraded).toBeUndefined();
  expect(node.keys.keystore.ids).toHaveLength(2);

  outages = Number.POSITIVE_INFINITY;
  const controller = new AbortController();
  const waiting = new NodeEncryption(world.parts({ keks: [flaky] })).open(controller.signal);
  controller.abort(new CaissonError('DRAINING'));
  await expect(waiting).rejects.toMatchObject({ code: 'DRAINING' });
});
