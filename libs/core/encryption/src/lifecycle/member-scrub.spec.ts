import { CaissonError, type DataDirectory, type ScrubOrder, type ScrubState } from '@caisson/contracts';
import { decodeScrubQuestion, encodeScrubAnswer } from '@caisson/formats';
import { MemberScrubs } from './member-scrub.js';

type Answer = (name: string, order: ScrubOrder) => ScrubState;

const MEMBERS = ['n1', 'n2', 'n3'].map((name) => ({ name, role: 'voter' as const, address: `${name}:1` }));
const ORDER = { group: 1, id: 7n, through: 9, members: MEMBERS, leader: 'n1' };

/** As n1, which leads. */
async function told(answer: Answer, order = ORDER): Promise<readonly string[]> {
  const scrubs = new MemberScrubs({
    engine: { scrub: (_, asked) => answer('n1', asked) },
    directory: { identity: { name: 'n1' } } as DataDirectory,
    transport: {
      ask: async ({ name }, question) => encodeScrubAnswer(answer(name, decodeScrubQuestion(question))),
    },
    clock: { after: () => () => undefined, sleep: async () => undefined },
  });
  const said: string[] = [];
  for await (const stages of scrubs.carryOut(order)) {
    said.push(stages.map(({ name, stage }) => `${name} ${stage}`).join(', '));
  }
  return said;
}

const unavailable = () => new CaissonError('UNAVAILABLE');

test('the leader comes last, and every stage of every member is told once', async () => {
  const asked: string[] = [];
  const stages = ['waiting', 'log', 'log', 'store', 'done'] as const;
  const answer: Answer = (name, order) => {
    expect(order).toMatchObject({ id: 7n, through: 9 });
    asked.push(name);
    const times = asked.filter((each) => each === name).length;
    return { stage: name === 'n2' ? stages[times - 1]! : 'done' };
  };
  expect(await told(answer)).toEqual([
    'n1 waiting, n2 waiting, n3 done',
    'n1 waiting, n2 log, n3 done',
    'n1 waiting, n2 store, n3 done',
    'n1 waiting, n2 done, n3 done',
    'n1 done, n2 done, n3 done',
  ]);
  expect(asked).toEqual(['n2', 'n3', 'n2', 'n2', 'n2', 'n2', 'n1']);
});

test('a member that does not answer for long is named, and so is one that fails; the others are done', async () => {
  const done = new Set<string>();
  const answer: Answer = (name) => {
    if (name === 'n2') throw unavailable();
    if (name === 'n3') return { stage: 'failed', error: new CaissonError('DISK_FULL') };
    done.add(name);
    return { stage: 'done' };
  };
  await expect(told(answer)).rejects.toMatchObject({
    code: 'SCRUB_INCOMPLETE',
    details: { group: 1, problems: ['n2: UNAVAILABLE', 'n3: DISK_FULL'] },
  });
  expect([...done]).toEqual(['n1']);
});

test('a member that comes back goes on', async () => {
  let times = 0;
  const answer: Answer = (name) => {
    if (name === 'n3' && ++times % 30 !== 0) throw unavailable();
    return { stage: name === 'n3' && times < 60 ? 'log' : 'done' };
  };
  expect(await told(answer)).toContain('n1 waiting, n2 done, n3 log');
  expect(times).toBe(60);
});

test('a member of an older build, or without an address, is not asked for long', async () => {
  let times = 0;
  const answer: Answer = (name) => {
    if (name !== 'n2') return { stage: 'done' };
    times++;
    throw new CaissonError('UNIMPLEMENTED');
  };
  const members = [...MEMBERS, { name: 'n4', role: 'learner' as const }] as unknown as typeof MEMBERS;
  await expect(told(answer, { ...ORDER, members })).rejects.toMatchObject({
    details: { problems: ['n2: UNIMPLEMENTED', 'n4: UNAVAILABLE'] },
  });
  expect(times).toBe(1);
});
