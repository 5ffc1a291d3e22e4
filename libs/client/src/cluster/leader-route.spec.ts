import { CaissonError } from '@caisson/contracts';
import { LeaderRoute } from './leader-route.js';

const notLeader = (address?: string) => new CaissonError('NOT_LEADER', { ...(address && { address }) });

test('the leader that an answer names comes next, known before or not', () => {
  const route = new LeaderRoute(['a:1', 'b:1']);
  expect([route.goesOnAfter(notLeader('c:1')), route.address]).toEqual([true, 'c:1']);
  expect([route.goesOnAfter(notLeader('b:1')), route.address]).toEqual([true, 'b:1']);
});

test('without a name the known addresses take turns', () => {
  const route = new LeaderRoute(['a:1', 'b:1']);
  const visited = [notLeader(), new CaissonError('DRAINING'), new CaissonError('UNAVAILABLE', { grpc: 'X' })];
  expect(visited.map((error) => (route.goesOnAfter(error), route.address))).toEqual(['b:1', 'a:1', 'b:1']);
});

test('a node that cannot reach another one is asked again, so often and no more', () => {
  const route = new LeaderRoute(['a:1', 'b:1']);
  const refusal = new CaissonError('UNAVAILABLE', { address: 'p:4' });
  const went = Array.from({ length: 15 }, () => route.goesOnAfter(refusal));
  expect(went.filter(Boolean)).toHaveLength(14);
  expect([went.at(-1), route.address]).toEqual([false, 'a:1']);
});

test('connections may break any number of times, as long as the order has time', () => {
  const route = new LeaderRoute(['a:1']);
  const broken = new CaissonError('UNAVAILABLE', { address: 'a:1', grpc: 'UNAVAILABLE' });
  expect(Array.from({ length: 100 }, () => route.goesOnAfter(broken)).every(Boolean)).toBe(true);
});

test.each(['INVALID_ARGUMENT', 'NOT_CAUGHT_UP', 'CHANGE_PENDING', 'PERMISSION_DENIED'] as const)(
  '%s is for the operator to see',
  (code) => expect(new LeaderRoute(['a:1']).goesOnAfter(new CaissonError(code))).toBe(false),
);
