import { CaissonError } from '@caisson/contracts';
import type { Case, Harness, Kit, Need } from './case.js';
import { check, checkEqual, checkFails, checkThrows } from './check.js';
import { describeKit, type KitOptions } from './describe-kit.js';
import { ManualClock } from './doubles/manual-clock.js';
import { runCase, runCases } from './run-cases.js';

interface Lamp extends Harness {
  readonly isOn: boolean;
  readonly dimmer?: () => void;
}

const DIMMER: Need<Lamp> = {
  id: 'dimmer',
  what: 'a lamp that dims',
  isMet: ({ dimmer }) => dimmer !== undefined,
};

const shines: Case<Lamp> = {
  id: 'lamp/shines',
  because: 'people read by it',
  run: async ({ isOn }) => check(isOn, 'the lamp is on'),
};
const dims: Case<Lamp> = {
  id: 'lamp/dims',
  because: 'people sleep by it',
  needs: DIMMER,
  run: async () => undefined,
};
const lampKit: Kit<Lamp> = { id: 'lamp', contract: 'Lamp', cases: [shines, dims] };

function lamp(isOn: boolean, disposed: string[] = []): Lamp {
  return { isOn, dispose: () => void disposed.push('disposed') };
}

describe('runCases', () => {
  it('gives each case a harness of its own, disposes it, and says what came of it', async () => {
    const disposed: string[] = [];
    const seen: string[] = [];
    const results = await runCases(lampKit.cases, () => lamp(true, disposed), {
      onResult: ({ id }) => seen.push(id),
    });
    expect(results).toEqual([
      { id: 'lamp/shines', because: 'people read by it', verdict: 'passed' },
      {
        id: 'lamp/dims',
        because: 'people sleep by it',
        verdict: 'skipped',
        reason: 'needs a lamp that dims',
      },
    ]);
    expect(disposed).toEqual(['disposed', 'disposed']);
    expect(seen).toEqual(['lamp/shines', 'lamp/dims']);
  });

  it('makes a verdict of a broken promise and of a harness that cannot be made', async () => {
    const disposed: string[] = [];
    const [off] = await runCases([shines], () => lamp(false, disposed));
    expect(off).toMatchObject({ verdict: 'failed', error: { message: 'expected that the lamp is on' } });
    expect(disposed).toEqual(['disposed']);
    const [none] = await runCases([shines], () => Promise.reject(new CaissonError('DISK_FULL')));
    expect(none).toMatchObject({ verdict: 'failed', error: { code: 'DISK_FULL' } });
  });

  it('fails a case that does not end, and cancels the alarm of one that does', async () => {
    const clock = new ManualClock();
    const endless: Case<Lamp> = { ...shines, run: () => new Promise<void>(() => undefined) };
    const running = runCases([shines, endless], () => lamp(true), { clock, timeoutMs: 1000 });
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    expect(clock.waiting).toBe(1);
    clock.advance(1000);
    expect(await running).toMatchObject([{ verdict: 'passed' }, { verdict: 'failed' }]);
    expect(clock.waiting).toBe(0);
  });
});

describe('describeKit', () => {
  function registered(options?: KitOptions, makeLamp = () => lamp(true)): Map<string, () => Promise<void>> {
    const tests = new Map<string, () => Promise<void>>();
    const it = (name: string, run: () => Promise<void>) => void tests.set(name, run);
    const skip = (name: string, run: () => Promise<void>) => void tests.set(`skip ${name}`, run);
    describeKit(
      lampKit,
      makeLamp,
      { describe: (_name, body) => body(), it: Object.assign(it, { skip }) },
      options,
    );
    return tests;
  }

  it('registers a test for each case, named by what it teaches', () => {
    expect([...registered().keys()]).toEqual([
      'lamp/shines, because people read by it',
      'lamp/dims, because people sleep by it',
    ]);
  });

  it('fails a need that is neither met nor excused', async () => {
    const run = registered().get('lamp/dims, because people sleep by it')!;
    await expect(run()).rejects.toThrow('needs a lamp that dims');
  });

  it('skips an excused need with its reason, and checks the excuse', async () => {
    const tests = registered({ lacks: { dimmer: 'it is a candle' } });
    expect([...tests.keys()]).toContain(
      'skip lamp/dims, because people sleep by it [skipped: it is a candle]',
    );
    await tests.get('lamp/lacks only what is missing')!();
  });

  it('fails an excuse for a power that is there, or that nobody asks for', async () => {
    const dimmable = () => ({ ...lamp(true), dimmer: () => undefined });
    const excused = registered({ lacks: { dimmer: 'it is a candle' } }, dimmable);
    await expect(excused.get('lamp/lacks only what is missing')!()).rejects.toThrow(
      'a lamp that dims is missing',
    );
    const unknown = registered({ lacks: { wick: 'it is electric' } });
    await expect(unknown.get('lamp/lacks only what is missing')!()).rejects.toThrow('wick is something');
  });
});

describe('check', () => {
  it('names the first difference', () => {
    const actual = {
      list: [
        { bytes: Uint8Array.of(1), n: 1n },
        { bytes: Uint8Array.of(2), n: 2n },
      ],
    };
    checkEqual(actual, structuredClone(actual), 'a copy');
    const expected = {
      list: [
        { bytes: Uint8Array.of(1), n: 1n },
        { bytes: Uint8Array.of(3), n: 2n },
      ],
    };
    expect(() => checkEqual(actual, expected, 'it')).toThrow(
      'it, list, at 1, bytes: expected <03>, got <02>',
    );
    expect(() => checkEqual([], [1], 'it')).toThrow('it, at 0: expected 1, got undefined');
    expect(() => checkEqual([], {}, 'it')).toThrow('expected an object of , got an empty list');
    expect(() => checkEqual('1', 1, 'it')).toThrow('it: expected 1, got "1"');
    expect(() => checkEqual(null, {}, 'it')).toThrow('got null');
  });

  it('takes a Buffer for the bytes it holds, and an absent field for an undefined one', () => {
    checkEqual(Buffer.from([1, 2]), Uint8Array.of(1, 2), 'bytes');
    checkEqual({ a: 1, b: undefined }, { a: 1 }, 'an object');
  });

  it('wants the failure that was promised', async () => {
    const full = async () => Promise.reject(new CaissonError('DISK_FULL'));
    expect((await checkFails(full, ['DISK_ERROR', 'DISK_FULL'], 'a write')).code).toBe('DISK_FULL');
    await expect(checkFails(full, 'DISK_ERROR', 'a write')).rejects.toThrow('failed with DISK_FULL');
    await expect(checkFails(() => 1, 'DISK_ERROR', 'a write')).rejects.toThrow('expected to fail, succeeded');
    expect(await checkThrows(() => Promise.reject('why'), 'a write')).toBe('why');
  });

  it('says of a failed case which power it wanted', async () => {
    await expect(runCase(dims, () => lamp(true))).rejects.toThrow('say why under lacks.dimmer');
  });
});
