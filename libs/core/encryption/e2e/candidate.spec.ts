import { CaissonError, type Candidate, type KekProvider, type NodeIdentity } from '@caisson/contracts';
import {
  decodeCapability,
  decodeChallenge,
  decodeRegisterWriter,
  encodeCapability,
  encodeChallenge,
  encodeRegisterWriter,
  fullNodeId,
  type WriterClaim,
} from '@caisson/formats';
import { driven, localKek, type Running, withUnwrap, World } from './world.js';

let leader: Running;
let candidate: Running;
const N2 = fullNodeId('n2');

beforeEach(async () => {
  leader = await driven(new World());
  candidate = await new World({ name: 'n2', joined: true }).start();
});

interface Asked {
  readonly by?: Running;
  readonly of?: Running;
  readonly members?: readonly string[];
}

async function exchange({ by = leader, of = candidate, members = ['n1'] }: Asked = {}): Promise<Candidate> {
  const { name } = of.node.parts.directory.identity;
  const challenge = await by.session.challenge(fullNodeId(name));
  const answer = await of.node.answer(challenge);
  return { name, fullNodeId: fullNodeId(name), members, challenge, answer };
}

async function claimsFor(asked: Asked = {}): Promise<readonly WriterClaim[]> {
  const payloads = await (asked.by ?? leader).session.admit(await exchange(asked));
  return payloads.map(decodeRegisterWriter);
}

const stranger = (identity: Partial<NodeIdentity>, keks: readonly KekProvider[] = [localKek(1)]) => {
  const world = new World({ name: 'n2', joined: true, ...identity });
  world.keks = keks;
  return world.start();
};

async function register(epoch: number, node = N2): Promise<void> {
  for (const dekId of leader.node.keys.keystore.ids) {
    await leader.engine.propose(encodeRegisterWriter({ dekId, fullNodeId: node, epoch }), 'system');
  }
}

describe('a candidate with the same KEK', () => {
  test('is to be registered under every key in use, and is known afterwards', async () => {
    const claims = await claimsFor();
    expect(claims.map(({ dekId }) => dekId)).toEqual(leader.node.keys.keystore.ids);
    expect(claims).toEqual(claims.map(({ dekId }) => ({ dekId, fullNodeId: N2, epoch: 0 })));
    expect(await leader.session.unregisteredKeys(N2)).toHaveLength(2);
    expect(await leader.session.registeredEpoch(N2)).toBeUndefined();
    await register(0);
    expect(await leader.session.unregisteredKeys(N2)).toEqual([]);
    expect(await leader.session.registeredEpoch(N2)).toBe(0);
  });

  test('comes back above every epoch its name has had, and begins new keys there', async () => {
    await register(6);
    const claims = await claimsFor();
    expect(claims.map(({ epoch }) => epoch)).toEqual([7, 7]);
    for (const { dekId } of claims) expect(candidate.node.keys.floors.of(dekId)).toBe(7);
    await candidate.node.keys.floors.load();
    expect(candidate.node.keys.floors.of(claims[0]!.dekId)).toBe(7);
  });

  test('that is a member goes on with the epoch it has, unless it lost it', async () => {
    const own = { by: leader, of: leader };
    expect(await claimsFor({ ...own, members: ['n1'] })).toEqual([]);
    const epoch = (await leader.session.registeredEpoch(fullNodeId('n1')))!;
    const again = await claimsFor({ ...own, members: ['n3'] });
    expect(again.map((claim) => claim.epoch)).toEqual([epoch + 1, epoch + 1]);
    await register(3);
    expect((await claimsFor({ members: ['n1', 'n2'] })).map((claim) => claim.epoch)).toEqual([4, 4]);
  });

  test('whose name has used up its epochs is refused', async () => {
    await register(0xffff);
    await expect(claimsFor()).rejects.toMatchObject({ code: 'LOCAL_EPOCH_EXHAUSTED' });
  });
});

describe('is refused:', () => {
  const incapable = { code: 'PEER_NOT_ENCRYPTION_CAPABLE' };

  test('another KEK', async () => {
    candidate = await stranger({}, [localKek(2)]);
    await expect(claimsFor()).rejects.toMatchObject({ ...incapable, details: { reason: 'another KEK' } });
  });

  test('encryption that is off', async () => {
    const world = new World({ name: 'n2', joined: true, birth: 'clear' });
    candidate = await world.start({ config: { enabled: false, envelopeVersion: 2 } });
    await expect(claimsFor()).rejects.toMatchObject(incapable);
  });

  test('an answer to another question, for another node, or of another cluster', async () => {
    const first = await exchange();
    const second = await exchange();
    const replayed = { ...second, answer: first.answer };
    await expect(leader.session.admit(replayed)).rejects.toMatchObject(incapable);
    const borrowed = { ...second, name: 'n3', fullNodeId: fullNodeId('n3') };
    await expect(leader.session.admit(borrowed)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    const renamed = encodeCapability({ ...decodeCapability(second.answer), fullNodeId: fullNodeId('n3') });
    await expect(leader.session.admit({ ...borrowed, answer: renamed })).rejects.toMatchObject(incapable);
    candidate = await stranger({ clusterId: new Uint8Array(16).fill(9) });
    await expect(claimsFor()).rejects.toMatchObject(incapable);
  });

  test('a proof that was edited, and bytes that are no answer', async () => {
    const asked = await exchange();
    const answer = asked.answer.slice();
    answer[answer.length - 1]! ^= 1;
    await expect(leader.session.admit({ ...asked, answer })).rejects.toMatchObject(incapable);
    const none = { ...asked, answer: asked.answer.slice(1) };
    await expect(leader.session.admit(none)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('a number whose 16 bits a member has, or anybody who ever sealed', async () => {
    const claims = await claimsFor({ members: ['n1', 'n2'] });
    expect(claims).toHaveLength(2);
    await register(0, N2 + 0x10000n);
    await expect(claimsFor()).rejects.toMatchObject({ code: 'NODE_ID_COLLISION' });
  });

  test('anybody before the first keys are in force', async () => {
    const early = await new World().start();
    await expect(claimsFor({ by: early })).rejects.toMatchObject({ code: 'ENCRYPTION_NOT_BOOTSTRAPPED' });
  });
});

describe('a challenge', () => {
  test('with a wrapped DEK in it opens nothing', async () => {
    const asked: Uint8Array[] = [];
    const kek = localKek(1);
    const watched = withUnwrap(kek, (blob, context) => {
      asked.push(Uint8Array.of(context.purpose));
      return kek.unwrap(blob, context);
    });
    candidate = await stranger({}, [watched]);
    const genuine = decodeChallenge(await leader.session.challenge(N2));
    for (const { container } of leader.session.state.current.keys.keys) {
      const forged = encodeChallenge({ ...genuine, container });
      const answer = decodeCapability(await candidate.node.answer(forged));
      expect(answer.proof).toBeUndefined();
    }
    expect(asked).toEqual([Uint8Array.of(3), Uint8Array.of(3)]);
  });

  test('cannot raise the floors of a node it was not made for, nor be edited to', async () => {
    await register(6);
    const forOther = await leader.session.challenge(fullNodeId('n3'));
    await expect(candidate.node.answer(forOther)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    const genuine = decodeChallenge(await leader.session.challenge(N2));
    const floors = genuine.floors.map(({ keyId }) => ({ keyId, epoch: 0xffff }));
    const edited = encodeChallenge({ ...genuine, floors });
    await expect(candidate.node.answer(edited)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    for (const { keyId } of floors) expect(candidate.node.keys.floors.of(keyId)).toBe(0);
  });

  test('is refused when it is none', async () => {
    await expect(candidate.node.answer(new Uint8Array(3))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  test('that a key service cannot look at now is no proof of another KEK', async () => {
    const down = withUnwrap(localKek(1), () => Promise.reject(new CaissonError('KEK_UNREACHABLE')));
    candidate = await stranger({}, [down]);
    await expect(exchange()).rejects.toMatchObject({ code: 'KEK_UNREACHABLE' });
  });
});

test('where encryption is off anybody is asked for nothing, but numbers must differ', async () => {
  const off = { config: { enabled: false, envelopeVersion: 2 } };
  const by = await new World({ birth: 'clear' }).start(off);
  const world = new World({ name: 'n2', birth: 'clear' });
  const of = await world.start(off);
  expect(await claimsFor({ by, of })).toEqual([]);
  const twin = twinOf('n2');
  await expect(claimsFor({ by, of, members: ['n1', twin] })).rejects.toMatchObject({
    code: 'NODE_ID_COLLISION',
  });
});

test('epochs are taken above what others saw of this node', async () => {
  const world = new World();
  await (await driven(world)).stop();
  const { node, session, stop } = await world.start();
  await session.beginSealing({ last: world.log.length, registeredEpoch: 9 });
  expect(node.keys.keystore.ids.map((keyId) => node.keys.seals.epochOf(keyId))).toEqual([10, 10]);
  expect([...node.keys.book.content!.keys.values()].map(({ localEpoch }) => localEpoch)).toEqual([10, 10]);
  expect(node.needsRegisteredEpoch).toBe(false);
  await stop();
  const version1 = await world.start({ config: { enabled: true, envelopeVersion: 1 } });
  expect(version1.node.needsRegisteredEpoch).toBe(true);
});

/** Another name with the same 16 bits. */
function twinOf(name: string): string {
  const wanted = fullNodeId(name) & 0xffffn;
  for (let at = 0; ; at++) {
    const other = `node-${at}`;
    if ((fullNodeId(other) & 0xffffn) === wanted) return other;
  }
}
