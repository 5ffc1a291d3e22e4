import { describeKit, kekKit, type KekHarness, ManualClock, SeededRandom, ToyKek } from '@caisson/compliance';
import { Secret } from '@caisson/contracts';
import { KeyService, type KeyTrouble } from './key-service.js';

const CONTEXT = { originId: new Uint8Array(16), keyId: 1, purpose: 1 } as const;

const dek = () => new Secret(new Uint8Array(32).fill(7));

function service(first = 1): { clock: ManualClock; service: KeyService } {
  const clock = new ManualClock();
  const random = new SeededRandom(1);
  const parts = { clock, random, key: new ToyKek(first), otherKey: new ToyKek(99) };
  return { clock, service: new KeyService(parts) };
}

function makeHarness(): KekHarness {
  const { service: ours } = service();
  return {
    provider: ours.clientOf('n1'),
    foreign: service(2).service.clientOf('n1'),
    disable: () => void ours.setTrouble('n1', 'disabled'),
  };
}

describeKit(kekKit, makeHarness, { describe, it });

describe('a key service', () => {
  it('is in a mood towards one node and not towards another, until it calms down', async () => {
    const { service: ours } = service();
    const [one, other] = [ours.clientOf('n1'), ours.clientOf('n2')];
    const codes: string[] = [];
    for (const trouble of ['out-of-reach', 'throttled', 'denied'] satisfies KeyTrouble[]) {
      ours.setTrouble('n1', trouble);
      await one.probe().catch((error: { code: string }) => codes.push(error.code));
      await other.probe();
    }
    expect(codes).toEqual(['KEK_UNREACHABLE', 'KEK_THROTTLED', 'KEK_DENIED']);
    ours.calm();
    await one.probe();
  });

  it('opens what an older version of its key wrapped, and wraps with the newest', async () => {
    const { service: ours } = service();
    const kek = ours.clientOf('n1');
    const old = await kek.wrap(dek(), CONTEXT);
    ours.rotate(new ToyKek(3));
    expect((await kek.unwrap(old, CONTEXT)).reveal()).toEqual(dek().reveal());
    expect([old[0], (await kek.rewrap(old, CONTEXT))[0]]).toEqual([0, 1]);
  });

  it('has no more versions than a blob can name (SIM-2)', () => {
    const { service: ours } = service();
    for (let version = 1; version < 256; version++) ours.rotate(new ToyKek(version));
    expect(() => ours.rotate(new ToyKek(1))).toThrow('SIM-2');
  });

  it('answers with other bytes, or out of another key, where it is told to', async () => {
    const { service: ours } = service();
    const kek = ours.clientOf('n1');
    const blob = await kek.wrap(dek(), CONTEXT);
    ours.setTrouble('n1', 'other-bytes');
    expect((await kek.unwrap(blob, CONTEXT)).reveal()).not.toEqual(dek().reveal());
    ours.setTrouble('n1', 'other-key');
    await expect(kek.unwrap(blob, CONTEXT)).rejects.toThrow('KEK_MISMATCH');
  });

  it('does what it was asked and says too late that it did', async () => {
    const { clock, service: ours } = service();
    ours.setTrouble('n1', 'late');
    const asking = ours.clientOf('n1').probe();
    const heard = expect(asking).rejects.toThrow('KEK_UNREACHABLE');
    await clock.turn();
    clock.advance(10_000);
    await heard;
    ours.latencyMs = [50, 51];
    ours.setTrouble('n1', undefined);
    const probing = ours.clientOf('n1').probe();
    clock.advance(51);
    await probing;
  });
});
