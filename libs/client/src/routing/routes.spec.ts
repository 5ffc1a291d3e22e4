import { CaissonError } from '@caisson/contracts';
import { Routes } from './routes.js';

function routes(addresses: readonly string[] = ['a:1', 'b:1', 'c:1']) {
  const time = { ms: 0 };
  return { time, routes: new Routes(addresses, () => time.ms) };
}

const notLeader = (address?: string) => new CaissonError('NOT_LEADER', address ? { address } : {});
const lost = new CaissonError('UNAVAILABLE');

test('a named leader is gone to at once and stays, also one that was never heard of', () => {
  const { routes: to } = routes();
  expect(to.pick('leader')).toBe('a:1');
  expect(to.failed('a:1', notLeader('d:1'))).toBe(true);
  expect([to.pick('leader'), to.pick('leader')]).toEqual(['d:1', 'd:1']);
  expect(to.known).toEqual(['a:1', 'b:1', 'c:1', 'd:1']);
  expect(to.pick('given')).toBe('a:1');
});

test('who took a change leads', () => {
  const { routes: to } = routes();
  to.answered('b:1', { tookChange: false });
  expect(to.leader).toBeUndefined();
  to.answered('b:1', { tookChange: true });
  expect(to.pick('leader')).toBe('b:1');
});

test('while nobody is known to lead, the next node is asked after a pause', () => {
  const { routes: to } = routes();
  expect(to.failed('a:1', notLeader())).toBe(false);
  expect(to.pick('leader')).toBe('b:1');
  expect(to.failed('b:1', notLeader('b:1'))).toBe(false);
  expect(to.pick('leader')).toBe('c:1');
});

test('many calls that fail on one node together move on by one', () => {
  const { routes: to } = routes();
  for (let call = 0; call < 5; call++) to.failed('a:1', lost);
  expect(to.pick('leader')).toBe('b:1');
});

test('a node that was lost is passed over for a while, even if it is named as leader', () => {
  const { routes: to, time } = routes();
  to.answered('a:1', { tookChange: true });
  expect(to.failed('a:1', lost)).toBe(true);
  expect(to.failed('b:1', notLeader('a:1'))).toBe(false);
  to.failed('a:1', lost);
  expect(['any', 'any', 'any', 'any'].map(() => to.pick('any'))).not.toContain('a:1');
  time.ms += 1001;
  expect(['any', 'any', 'any'].map(() => to.pick('any'))).toContain('a:1');
});

test('with every node lost one is asked nevertheless, after a pause', () => {
  const { routes: to } = routes(['a:1']);
  expect(to.failed('a:1', lost)).toBe(false);
  expect(to.pick('leader')).toBe('a:1');
});

test('reads from any node go round', () => {
  const { routes: to } = routes();
  expect(Array.from({ length: 4 }, () => to.pick('any'))).toEqual(['a:1', 'b:1', 'c:1', 'a:1']);
});

test.each([['somewhere'], ['http://a:1/'], ['a:1:2'], ['a b:1']])(
  '%s is not an address to follow',
  (name) => {
    const { routes: to } = routes();
    expect(to.failed('a:1', notLeader(name))).toBe(false);
    expect(to.known).not.toContain(name);
  },
);

test('of the nodes that were only named a bounded number is remembered', () => {
  const { routes: to } = routes(['a:1']);
  for (let port = 1; port <= 50; port++) to.failed('a:1', notLeader(`n:${port}`));
  expect(to.known.length).toBe(17);
  expect(to.known).toContain('a:1');
  expect(to.pick('leader')).toBe('n:50');
});

test('a busy node is neither left nor suspect', () => {
  const { routes: to } = routes();
  to.answered('b:1', { tookChange: true });
  expect(to.failed('b:1', new CaissonError('TOO_MANY_REQUESTS'))).toBe(false);
  expect(to.pick('leader')).toBe('b:1');
});
