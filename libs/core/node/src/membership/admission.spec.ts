import { CaissonError, type MembershipChange, type Proposed } from '@caisson/contracts';
import { Answering, bookOf, identityOf, stated, TurningClock } from '../testdata/membership-bench.js';
import { Admission, type AdmittingGroup } from './admission.js';

const limits = { lagEntries: 10, answerMs: 1000 };
const applied: Proposed = { position: 1, outcome: { kind: 'applied', result: new Uint8Array(0) } };
const payload = Uint8Array.of(3);

let transport: Answering;
let proposed: Uint8Array[];
beforeEach(() => {
  transport = new Answering();
  proposed = [];
});

const admission = () =>
  new Admission({ identity: () => identityOf('n1'), transport, clock: new TurningClock(), limits });

function groupOf(changes: Partial<AdmittingGroup> = {}): AdmittingGroup {
  return {
    id: 1,
    book: bookOf(['n1'], ['n3']),
    encryption: { challenge: async () => payload, admit: async () => [], unregisteredKeys: async () => [] },
    last: 100,
    progressOf: () => ({ matched: 95, state: 'following', active: true }),
    propose: async (bytes) => {
      proposed.push(bytes);
      return applied;
    },
    ...changes,
  };
}

const addLearner = (name: string): MembershipChange => ({ kind: 'addLearner', name, ...stated(name) });
const promote: MembershipChange = { kind: 'promote', name: 'n3' };

describe('a candidate', () => {
  it('is let in once its registrations are applied', async () => {
    transport.add('n2');
    const seen: unknown[] = [];
    const encryption = {
      challenge: async () => payload,
      admit: async (candidate: unknown) => {
        seen.push(candidate);
        return [payload, payload];
      },
      unregisteredKeys: async () => (proposed.length === 2 ? [] : [7]),
    };
    await admission().admit(groupOf({ encryption }), addLearner('n2'));
    expect(proposed).toHaveLength(2);
    expect(seen).toEqual([
      expect.objectContaining({ name: 'n2', members: ['n1', 'n3'], challenge: payload }),
    ]);
  });

  it.each([
    ['is of another cluster', { clusterId: new Uint8Array(16) }, 'CLUSTER_MISMATCH'],
    ['was born otherwise', { birth: 'encrypted' as const }, 'CLUSTER_MISMATCH'],
    ['reads older directories only', { format: 0 }, 'DIRECTORY_FORMAT'],
  ])('that %s is refused', async (_what, changes, code) => {
    transport.add('n2', changes);
    await expect(admission().admit(groupOf(), addLearner('n2'))).rejects.toMatchObject({ code });
    expect(proposed).toEqual([]);
  });

  it('that does not keep the group is refused', async () => {
    transport.add('n2', {}, [2]);
    await expect(admission().admit(groupOf(), addLearner('n2'))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { field: 'group' },
    });
  });

  it('is refused when another name answers at its address, or nobody', async () => {
    transport.add('n4');
    transport.behind.set('n2:7000', 'n4');
    await expect(admission().admit(groupOf(), addLearner('n2'))).rejects.toMatchObject({
      code: 'PEER_REFUSED',
      details: { expected: 'n2', found: 'n4' },
    });
    await expect(admission().admit(groupOf(), addLearner('n5'))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
  });

  it('is refused while a registration is missing, whatever its proposal came to', async () => {
    transport.add('n2');
    const refusal = new CaissonError('NODE_ID_COLLISION');
    const propose = async (): Promise<Proposed> => ({
      position: 1,
      outcome: { kind: 'refused', error: refusal },
    });
    const encryption = {
      challenge: async () => payload,
      admit: async () => [payload],
      unregisteredKeys: async () => [7],
    };
    await expect(admission().admit(groupOf({ encryption, propose }), addLearner('n2'))).rejects.toMatchObject(
      {
        code: 'PEER_NOT_ENCRYPTION_REGISTERED',
        details: { candidate: 'n2', keys: ['7'], reason: 'NODE_ID_COLLISION' },
      },
    );
    const registered = { ...encryption, unregisteredKeys: async () => [] };
    await admission().admit(groupOf({ encryption: registered, propose }), addLearner('n2'));
  });
});

describe('a learner', () => {
  it('is asked again before it votes', async () => {
    transport.add('n3', { clusterId: new Uint8Array(16) });
    await expect(admission().admit(groupOf(), promote)).rejects.toMatchObject({ code: 'CLUSTER_MISMATCH' });
    transport.add('n3');
    await admission().admit(groupOf(), promote);
  });

  it.each([
    ['lacks too many entries', { matched: 89, state: 'following', active: true } as const],
    ['is not heard of', { matched: 100, state: 'following', active: false } as const],
    ['is not known to the leader', undefined],
  ])('that %s does not vote yet', async (_what, progress) => {
    transport.add('n3');
    await expect(admission().admit(groupOf({ progressOf: () => progress }), promote)).rejects.toMatchObject({
      code: 'NOT_CAUGHT_UP',
      details: { name: 'n3', goal: 100 },
    });
    expect(transport.asked).toEqual([]);
  });

  it('without an address is not promoted', async () => {
    await expect(admission().admit(groupOf(), { kind: 'promote', name: 'n9' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});

test('who leaves or moves is asked nothing', async () => {
  await admission().admit(groupOf(), { kind: 'remove', name: 'n3' });
  await admission().admit(groupOf(), { kind: 'update', name: 'n3', ...stated('n3') });
  expect(transport.asked).toEqual([]);
});
