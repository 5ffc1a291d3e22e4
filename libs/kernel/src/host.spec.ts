import { CaissonError, definePlugin, Health, list, optional, Probe, service, slot } from '@caisson/contracts';
import { z } from 'zod';
import { createHost, type LifecycleEvent } from './index.js';

interface Named {
  readonly name: string;
}

const A = slot<Named>('kernel-test/A');
const B = slot<Named>('kernel-test/B');
const C = slot<Named>('kernel-test/C');
const Many = list<Named>('kernel-test/Many');

function traced(trace: string[], name: string, options: { failStart?: boolean; failStop?: boolean } = {}) {
  return {
    create: () => (trace.push(`create ${name}`), { name }),
    start: () => {
      trace.push(`start ${name}`);
      if (options.failStart) throw new CaissonError('DISK_FULL', { path: name });
    },
    drain: () => void trace.push(`drain ${name}`),
    stop: () => {
      trace.push(`stop ${name}`);
      if (options.failStop) throw new CaissonError('DISK_ERROR', { path: name });
    },
  };
}

function chain(trace: string[], failing: { start?: string; stop?: string } = {}) {
  const of = (name: string) =>
    traced(trace, name, { failStart: failing.start === name, failStop: failing.stop === name });
  // Listed against their order of need on purpose.
  return definePlugin({
    id: 'test-chain',
    contracts: 1,
    services: () => [
      service({ provides: C, needs: { b: B, a: A }, ...of('c') }),
      service({ provides: B, needs: { a: A }, ...of('b') }),
      service({ provides: A, ...of('a') }),
    ],
  });
}

test('services start in the order of their needs and stop in reverse', async () => {
  const trace: string[] = [];
  const host = await createHost({ plugins: [chain(trace)] });
  expect(trace).toEqual([]);
  await host.start();
  expect(host.health.phase).toBe('ready');
  expect(trace).toEqual(['create a', 'create b', 'create c', 'start a', 'start b', 'start c']);
  trace.length = 0;
  await host.stop();
  expect(trace).toEqual(['drain c', 'drain b', 'drain a', 'stop c', 'stop b', 'stop a']);
  expect(host.health.phase).toBe('stopped');
});

test('a failed start stops what was started, in reverse, and names the service and its cause', async () => {
  const trace: string[] = [];
  const host = await createHost({ plugins: [chain(trace, { start: 'b' })] });
  const failure = await host.start().catch((error: CaissonError) => error);
  expect(failure).toMatchObject({ code: 'START_FAILED', details: { service: 'test-chain/kernel-test/B' } });
  expect((failure as CaissonError).cause).toMatchObject({ code: 'DISK_FULL' });
  expect(trace.slice(3)).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  expect(host.health.phase).toBe('failed');
});

test('a failing stop does not keep the others from stopping, and is reported', async () => {
  const trace: string[] = [];
  const host = await createHost({ plugins: [chain(trace, { stop: 'c' })] });
  await host.start();
  await expect(host.stop()).rejects.toMatchObject({ code: 'STOP_FAILED' });
  expect(trace.slice(-3)).toEqual(['stop c', 'stop b', 'stop a']);
});

test('a service that never stops is given up after its bound', async () => {
  const hanging = definePlugin({
    id: 'test-hanging',
    contracts: 1,
    services: () => [
      service({ provides: A, create: () => ({ name: 'a' }), stop: () => new Promise<void>(() => {}) }),
    ],
  });
  const timers: (() => void)[] = [];
  const after = (_: number, task: () => void) => (timers.push(task), () => undefined);
  const host = await createHost({ plugins: [hanging], after });
  await host.start();
  const stopped = host.stop();
  await new Promise(setImmediate);
  for (const fire of timers) fire();
  await expect(stopped).rejects.toMatchObject({ code: 'STOP_FAILED' });
});

test('an aborted start stops what was started', async () => {
  const trace: string[] = [];
  const controller = new AbortController();
  const plugin = definePlugin({
    id: 'test-abort',
    contracts: 1,
    services: () => [
      service({
        provides: A,
        ...traced(trace, 'a'),
        start: () => controller.abort(new CaissonError('CANCELLED')),
      }),
      service({ provides: B, needs: { a: A }, ...traced(trace, 'b') }),
    ],
  });
  const host = await createHost({ plugins: [plugin] });
  await expect(host.start(controller.signal)).rejects.toMatchObject({ code: 'START_FAILED' });
  expect(trace).not.toContain('start b');
  expect(trace).toContain('stop a');
});

test('what does not fit together is refused by name, all at once, before anything is created', async () => {
  const trace: string[] = [];
  const one = definePlugin({
    id: 'test-one',
    contracts: 1,
    services: () => [
      service({ provides: A, ...traced(trace, 'a1') }),
      service({ provides: B, ...traced(trace, 'b') }),
    ],
  });
  const two = definePlugin({
    id: 'test-two',
    contracts: 1,
    services: () => [service({ provides: A, ...traced(trace, 'a2') })],
  });
  const cycle = definePlugin({
    id: 'test-cycle',
    contracts: 1,
    services: () => [
      service({ provides: C, needs: { many: Many }, ...traced(trace, 'c') }),
      service({ provides: Many, needs: { c: C }, ...traced(trace, 'm') }),
    ],
  });
  const failure = (await createHost({ plugins: [one, two, cycle] }).catch((error) => error)) as CaissonError;
  expect(failure.code).toBe('PLAN_INVALID');
  expect(failure.details['problems']).toEqual([
    'kernel-test/A is a slot and has several providers: test-one, test-two',
    'services need each other in a cycle: ' +
      'test-cycle/kernel-test/C → test-cycle/kernel-test/Many → test-cycle/kernel-test/C',
  ]);
  expect(trace).toEqual([]);
  const needy = definePlugin({
    id: 'test-needy',
    contracts: 1,
    services: () => [service({ provides: B, needs: { a: A }, create: ({ a }) => a })],
  });
  await expect(createHost({ plugins: [needy] })).rejects.toMatchObject({
    code: 'PLAN_INVALID',
    details: { problems: ['test-needy/kernel-test/B needs kernel-test/A, and no plugin provides it'] },
  });
});

test('every problem of every section is reported at once, with its path', async () => {
  const schema = z.strictObject({
    sizeBytes: z.number().int().positive(),
    inner: z.object({ on: z.boolean() }),
  });
  const plugin = (id: string) => definePlugin({ id, contracts: 1, config: schema, services: () => [] });
  const plain = definePlugin({ id: 'test-plain', contracts: 2, services: () => [] });
  const sections = {
    'test-x': { sizeBytes: -1, inner: { on: 'yes' } },
    'test-y': { sizeBytes: 1, inner: { on: true }, extra: 1 },
    'test-plain': { a: 1 },
    'test-z': {},
  };
  const failure = (await createHost({ plugins: [plugin('test-x'), plugin('test-y'), plain], sections }).catch(
    (error) => error,
  )) as CaissonError;
  expect(failure.code).toBe('CONFIG_INVALID');
  const problems = failure.details['problems'] as string[];
  expect(problems.map((problem) => problem.split(':')[0])).toEqual([
    'test-plain',
    'test-z',
    'test-x.sizeBytes',
    'test-x.inner.on',
    'test-y',
    'test-plain',
  ]);
});

test('optional needs and empty lists resolve to undefined and to no entries', async () => {
  let seen: unknown;
  const plugin = definePlugin({
    id: 'test-optional',
    contracts: 1,
    services: () => [
      service({
        provides: A,
        needs: { b: optional(B), many: Many, health: Health },
        create: (needs) => (
          (seen = { b: needs.b, many: needs.many, phase: needs.health.phase }),
          { name: 'a' }
        ),
      }),
    ],
  });
  const host = await createHost({ plugins: [plugin] });
  await host.start();
  expect(seen).toEqual({ b: undefined, many: [], phase: 'starting' });
  expect(host.get(Many)).toEqual([]);
  await host.stop();
});

test('health gathers services, probes and faults, and a check that throws counts as failed', async () => {
  let degrade!: () => void;
  let recover!: () => void;
  const plugin = definePlugin({
    id: 'test-health',
    contracts: 1,
    services: () => [
      service({
        provides: A,
        create: (_, faults) => {
          degrade = () => faults.degraded('slow disk');
          recover = () => faults.recovered();
          return { name: 'a' };
        },
      }),
      service({
        provides: B,
        create: () => ({ name: 'b' }),
        health: () => {
          throw new TypeError('x');
        },
      }),
      service({ provides: Probe, create: () => ({ name: 'own', check: () => ({ status: 'ok' as const }) }) }),
    ],
  });
  const host = await createHost({ plugins: [plugin] });
  await host.start();
  degrade();
  expect(Object.fromEntries(host.health.report())).toMatchObject({
    'test-health/kernel-test/A': { status: 'degraded', reason: 'slow disk' },
    'test-health/kernel-test/B': { status: 'failed' },
    own: { status: 'ok' },
  });
  recover();
  expect(host.health.report().get('test-health/kernel-test/A')).toEqual({ status: 'ok' });
  await host.stop();
});

test('a fatal fault is handed to whoever runs the host', async () => {
  let fail!: () => void;
  const plugin = definePlugin({
    id: 'test-fatal',
    contracts: 1,
    services: () => [
      service({
        provides: A,
        create: (_, faults) => (
          (fail = () => faults.fatal(new CaissonError('APPLY_HALTED', { index: 7 }))),
          { name: 'a' }
        ),
      }),
    ],
  });
  const host = await createHost({ plugins: [plugin] });
  await host.start();
  fail();
  await expect(host.failed).resolves.toMatchObject({ code: 'APPLY_HALTED' });
  expect([...host.health.report().values()]).toContainEqual(expect.objectContaining({ status: 'failed' }));
  await host.stop();
});

test('the graph shows who needs whom, and events tell each step', async () => {
  const events: LifecycleEvent[] = [];
  const host = await createHost({ plugins: [chain([])], onEvent: (event) => events.push(event) });
  expect(host.graph.edges.map(({ from, to }) => `${from} > ${to}`)).toContain(
    'test-chain/kernel-test/C > test-chain/kernel-test/B',
  );
  await host.start();
  await host.stop();
  expect(events.map((event) => event.step)).toEqual([
    ...Array(3).fill('started'),
    ...Array(3).fill('drained'),
    ...Array(3).fill('stopped'),
  ]);
});

test('KERNEL-2 and KERNEL-3: a host starts once, and gives out services only afterwards', async () => {
  const host = await createHost({ plugins: [chain([])] });
  expect(() => host.get(A)).toThrow('KERNEL-3');
  await host.start();
  await expect(host.start()).rejects.toThrow('KERNEL-2');
  await host.stop();
});
