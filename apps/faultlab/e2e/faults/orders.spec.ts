import { toUtf8 } from '@caisson/base';
import type { KeyProgress } from '@caisson/contracts';
import { Lab, type LabOptions, stepsOf } from './lab.js';
import { type LabNode, textOf } from './node.js';

const CANARY = 'canary-of-a-user';

let lab: Lab;
afterEach(() => lab.end());

const codeOf = (steps: AsyncIterable<KeyProgress>) => lab.failure(stepsOf(steps));

async function follower(): Promise<LabNode> {
  const leader = await lab.led();
  return lab.up.find((node) => node !== leader)!;
}

/** Nobody ended, and nothing went into the log while it was tried. */
async function harmless(attempt: () => Promise<void>): Promise<void> {
  await lab.even();
  const before = lab.nodes.map(({ group }) => group.status().durable);
  await attempt();
  expect(lab.nodes.map(({ fatal }) => fatal)).toEqual(lab.nodes.map(() => undefined));
  expect(lab.nodes.map(({ group }) => group.status().durable)).toEqual(before);
}

describe('an operator’s mistake is refused before there is an entry, and stops nobody:', () => {
  const CLEAR: LabOptions = { birth: 'clear' };

  test('orders out of their order, or to a member that does not lead', async () => {
    lab = await Lab.of(3, CLEAR);
    await lab.write('a', 'clear');
    const [leader, other] = [await lab.led(), await follower()];
    await harmless(async () => {
      expect(await codeOf(leader.keys.enableRaftEnvelope({}, {}))).toBe('ENVELOPE_ORDER');
      expect(await codeOf(leader.keys.rotate({ purpose: 'raft' }, {}))).toBe('ENVELOPE_ORDER');
      expect(await codeOf(leader.keys.rewrap({}, {}))).toBe('ENVELOPE_ORDER');
      expect(await codeOf(other.keys.enableStorageEnvelope({}, {}))).toBe('NOT_LEADER');
    });
    await lab.enable('storage');
    await lab.write('b', 'sealed');
    expect(await lab.read(other, 'a')).toBe('clear');
  });

  test.each([
    ['with another KEK', { keks: [9] }],
    ['with encryption off', { enabled: false, keks: [] }],
  ] as const)('a member %s, whatever it was let in with', async (_, setting) => {
    lab = await Lab.of(2, CLEAR);
    const learner = await lab.grow('learner');
    await lab.settled(learner.stop());
    await lab.settled(learner.start(setting));
    const leader = await lab.led();
    await harmless(async () => {
      expect(await codeOf(leader.keys.enableStorageEnvelope({}, {}))).toBe('CAPABILITY_CHECK_FAILED');
    });
    await lab.write('a', 'still clear');
    expect(await lab.read(lab.node('n3'), 'a')).toBe('still clear');
  });

  test('a candidate with another KEK is not let in, and the members go on', async () => {
    lab = await Lab.of(3);
    const candidate = lab.add('n4', { keks: [9] });
    await lab.settled(candidate.start());
    const { engine } = await lab.led();
    const members = lab.nodes.slice(0, 3);
    await lab.even(members);
    const stated = { name: 'n4', address: candidate.address, clientAddress: '' };
    const change = engine.changeMembership(1, { kind: 'addLearner', ...stated });
    expect(await lab.failure(change)).toBe('PEER_NOT_ENCRYPTION_CAPABLE');
    await lab.write('a', 'goes on');
    expect(members.map(({ fatal }) => fatal)).toEqual([undefined, undefined, undefined]);
  });

  test('a member that was started with another KEK stays away, with its name for it, and the others go on', async () => {
    lab = await Lab.of(3);
    await lab.write('a', 'before');
    const node = await follower();
    await lab.settled(node.stop());
    expect(await lab.failure(node.start({ keks: [9] }))).toBe('KEK_MISMATCH');
    await lab.write('b', 'meanwhile');
    await lab.settled(node.start());
    await lab.even();
    expect(await lab.read(node, 'b')).toBe('meanwhile');
  });
});

test('a rotation holds nobody up: users write through it, and a member that takes over writes at once', async () => {
  lab = await Lab.of(3);
  await lab.write('a', 'before');
  const away = await follower();
  lab.isolate(away);
  const failures: string[] = [];
  for (const purpose of ['storage', 'raft', 'storage'] as const) {
    // The order asks every member; what is proposed by hand goes to those that are there.
    lab.heal();
    const rotated = lab.rotate(purpose);
    const writes = Array.from({ length: 50 }, (_, at) => [`${purpose}${at}`, 'meanwhile'] as const);
    await lab.writeAll(new Map(writes), (code) => failures.push(code));
    await rotated;
    lab.isolate(away);
  }
  expect(failures).toEqual([]);
  const told = lab.lines.length;
  const old = await lab.led();
  old.kill();
  lab.heal();
  await lab.write('b', 'after');
  const registrations = lab.lines.slice(told).filter((line) => line.includes('registration of epoch'));
  expect(registrations).toEqual([]);
  await lab.settled(old.start());
  await lab.even();
  for (const node of lab.nodes) expect(await lab.read(node, 'b')).toBe('after');
});

describe('no line and no error holds a key, a value or a user key', () => {
  test.each([2, 1] as const)('under envelope %i, whatever is done and fails', async (envelopeVersion) => {
    lab = await Lab.of(3, { birth: 'clear', envelopeVersion });
    const heard: string[] = [];
    const attempt = async (work: Promise<unknown>) =>
      heard.push(await lab.settled(work.then(() => 'done', textOf)));
    const [key, value] = [`${CANARY}-key`, `${CANARY}-value`];
    const put = (each: string) => ({ op: 'put' as const, key: toUtf8(each), value: toUtf8(value) });
    await lab.write(key, value);
    await lab.enable('storage');
    await lab.enable('raft');
    for (const purpose of ['storage', 'raft'] as const) await lab.rotate(purpose);
    await lab.write(key, value);
    const leader = await lab.led();
    const { kv } = leader;
    await attempt(kv.write({ mutations: [put('')] }, {}));
    await attempt(kv.write({ mutations: [put(key.repeat(9000))] }, {}));
    await attempt(kv.write({ mutations: [put(key), put(key)] }, {}));
    await attempt(kv.get({ key: toUtf8(key), ts: 1n }, {}));
    await attempt((await follower()).kv.write({ mutations: [put(key)] }, {}));
    // One value damaged below the door, met by a read and by an apply.
    const node = await follower();
    await lab.settled(node.stop());
    await damage(node);
    await lab.settled(node.start());
    await attempt(node.kv.get({ key: toUtf8(key), consistency: 'stale' }, {}));
    const conditions = [{ key: toUtf8(key), expect: { kind: 'value' as const, value: toUtf8(value) } }];
    await attempt((await lab.led()).kv.write({ mutations: [put(key)], conditions }, {}));
    await lab.pass(500);
    await attempt(node.isDown ? node.start({ keks: [9] }) : Promise.resolve());
    const words = [...lab.lines, ...heard, ...lab.nodes.map(({ fatal }) => textOf(fatal))].join('\n');
    expect(words.length).toBeGreaterThan(1000);
    expect(heard.filter((text) => text !== 'done').length).toBeGreaterThanOrEqual(3);
    for (const secret of secretsOf(CANARY)) expect(words).not.toContain(secret);
  });

  function secretsOf(canary: string): readonly string[] {
    const keys = [...lab.ledger.keys].flatMap((hex) => [hex, Buffer.from(hex, 'hex').toString('base64')]);
    const bytes = Buffer.from(canary);
    return [...keys, canary, bytes.toString('hex'), bytes.toString('base64').slice(0, -4), bytes.join(',')];
  }

  async function damage({ media }: LabNode): Promise<void> {
    const store = await media.stores.open('/data/groups/1/store');
    const view = store.view();
    const pairs = await view.scan({ from: Uint8Array.of(2), to: Uint8Array.of(3) }).next({ pairs: 1000 });
    await view.close();
    const batch = store.batch();
    for (const { key, value } of pairs) {
      const damaged = Uint8Array.from(value);
      damaged[value.length - 1]! ^= 1;
      batch.put(key, damaged);
    }
    await batch.write({ sync: true });
    await store.close();
  }
});
