import { describeKit, kekKit, type KekHarness, ManualClock, SeededRandom, ToyKek } from '@caisson/compliance';
import { type KekProvider, Secret } from '@caisson/contracts';
import { KeyService } from './key-service.js';

const CONTEXT = { originId: new Uint8Array(16), keyId: 1, purpose: 1 } as const;

const dek = () => new Secret(new Uint8Array(32).fill(7));

function around(own: KekProvider): { readonly kek: KekProvider; readonly service: KeyService } {
  const key = new ToyKek(98);
  const parts = { clock: new ManualClock(), random: new SeededRandom(1), key, otherKey: new ToyKek(99) };
  const service = new KeyService(parts);
  return { kek: service.around(own, 'n1'), service };
}

function makeHarness(): KekHarness {
  const { kek, service } = around(new ToyKek(1));
  const { kek: foreign } = around(new ToyKek(2));
  return { provider: kek, foreign, disable: () => void service.setTrouble('n1', 'disabled') };
}

describeKit(kekKit, makeHarness, { describe, it });

describe("somebody's own provider behind a key service", () => {
  it.each([
    ['out-of-reach', 'KEK_UNREACHABLE'],
    ['throttled', 'KEK_THROTTLED'],
    ['denied', 'KEK_DENIED'],
  ] as const)('is %s where the service is', async (trouble, code) => {
    const { kek, service } = around(new ToyKek(1));
    service.setTrouble('n1', trouble);
    await expect(kek.wrap(dek(), CONTEXT)).rejects.toThrow(code);
    service.calm();
    await kek.wrap(dek(), CONTEXT);
  });

  it('opens nothing, and wraps what nobody opens, under another key', async () => {
    const { kek, service } = around(new ToyKek(1));
    const before = await kek.wrap(dek(), CONTEXT);
    service.setTrouble('n1', 'other-key');
    await expect(kek.unwrap(before, CONTEXT)).rejects.toThrow('KEK_MISMATCH');
    const meanwhile = await kek.wrap(dek(), CONTEXT);
    service.calm();
    await expect(kek.unwrap(meanwhile, CONTEXT)).rejects.toThrow();
    expect((await kek.unwrap(before, CONTEXT)).reveal()).toEqual(dek().reveal());
  });

  it('answers with other bytes where it is told to', async () => {
    const { kek, service } = around(new ToyKek(1));
    const blob = await kek.wrap(dek(), CONTEXT);
    service.setTrouble('n1', 'other-bytes');
    expect((await kek.unwrap(blob, CONTEXT)).reveal()).not.toEqual(dek().reveal());
  });
});
