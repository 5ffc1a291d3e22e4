import { CaissonError, type Labels, type Meter, type Sample } from '@caisson/contracts';
import { rotationPayload } from '../src/index.js';
import { KeyMetrics } from '../src/lifecycle/key-metrics.js';
import { measureKeks } from '../src/lifecycle/measured-kek.js';
import { note } from './mini-engine.js';
import { driven, localKek, withUnwrap, World } from './world.js';

class Seen implements Meter {
  readonly values = new Map<string, number>();
  readonly observed = new Map<string, () => number | readonly Sample[]>();
  readonly recorded: [string, number][] = [];

  counter = () => ({ add: () => undefined });
  gauge: Meter['gauge'] = ({ name }, observe) => {
    if (observe) this.observed.set(name, observe);
    const set = (value: number, labels: Labels = {}) =>
      void this.values.set(labels['purpose'] ?? name, value);
    return { set };
  };
  histogram = () => ({
    record: (value: number, labels: Labels = {}) => void this.recorded.push([labels['provider']!, value]),
  });
}

test('the active keys and the last recorded key entry are told, and told again when they change', async () => {
  const running = await driven(new World());
  const meter = new Seen();
  const metrics = new KeyMetrics(running.node, meter);
  metrics.follow(1);
  const state = () => running.session.state.current.keys;
  expect(meter.values.get('storage')).toBe(state().activeStorage);
  const recorded = meter.observed.get('encryption_sidecar_raft_index')!;
  expect(recorded()).toBe(state().stateIndex);
  const rotate = async () => {
    const payload = await rotationPayload(running.node, running.session, { purpose: 'raft' });
    await running.engine.propose(payload, 'system');
  };
  await rotate();
  expect(meter.values.get('raft')).toBe(state().activeRaft);
  expect(recorded()).toBe(state().stateIndex);
  metrics.stop();
  await rotate();
  expect(meter.values.get('raft')).not.toBe(state().activeRaft);
  await running.stop();
});

test('what was sealed under each key, where it was last used, and what sealing adds are told', async () => {
  const running = await driven(new World());
  const meter = new Seen();
  const metrics = new KeyMetrics(running.node, meter);
  metrics.follow(1);
  const { activeStorage, activeRaft } = running.session.state.current.keys;
  const told = (name: string) =>
    new Map(
      (meter.observed.get(`encryption_${name}`)!() as readonly Sample[]).map(({ labels, value }) => [
        Number(labels['key_id']),
        value,
      ]),
    );
  const before = told('writes_per_dek').get(activeStorage) ?? 0;
  await running.engine.propose(note('a', 'a value'));
  expect(told('writes_per_dek').get(activeStorage)).toBe(before + 1);
  expect(told('last_proposed_index_per_raft_dek')).toEqual(new Map([[activeRaft, running.engine.applied]]));
  expect(meter.observed.get('encryption_value_overhead_bytes')!()).toBe(50);
  metrics.stop();
  await running.stop();
  expect(told('last_proposed_index_per_raft_dek')).toEqual(new Map());
});

test('every unwrapping is timed by provider, also one that fails', async () => {
  const meter = new Seen();
  let nowMs = 0;
  const clock = { monotonicMs: () => (nowMs += 250) };
  const denied = withUnwrap(localKek(2, 'denied'), () => Promise.reject(new CaissonError('KEK_DENIED')));
  const keks = measureKeks([denied, localKek(1)], clock, meter);
  const world = new World();
  world.keks = keks;
  const running = await driven(world).catch((error: unknown) => error);
  expect(running).toMatchObject({ code: 'KEK_DENIED' });
  expect(meter.recorded).toEqual([['denied', 0.25]]);
  expect(measureKeks(keks, clock, undefined)).toBe(keks);
});
