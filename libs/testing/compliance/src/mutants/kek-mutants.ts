import { concatBytes, toHex } from '@caisson/base';
import { CaissonError, type KekProvider, Secret } from '@caisson/contracts';
import { CONTEXT, type KekHarness } from '../kek/kek-harness.js';
import { ToyKek } from '../toys/toy-kek.js';
import { type Mutant, override } from './mutant.js';

type KekMutant = Mutant<KekHarness>;

export function toyKekHarness(): KekHarness {
  const provider = new ToyKek(1);
  const foreign = new ToyKek(2);
  return { provider, foreign, disable: () => provider.disable(), material: [provider.material] };
}

function planted(
  name: string,
  breaks: readonly string[],
  plant: (provider: KekProvider) => Partial<KekProvider>,
): KekMutant {
  const harness = (): KekHarness => {
    const sound = toyKekHarness();
    const provider = override(sound.provider, plant(sound.provider));
    return { ...sound, provider };
  };
  return { name, breaks: breaks.map((id) => `kek/${id}`), harness };
}

const DEK_BYTES = 32;

const wrappingMutants: readonly KekMutant[] = [
  planted('GarblesDeks', ['unwraps-what-it-wrapped'], () => ({
    unwrap: async () => new Secret(new Uint8Array(DEK_BYTES)),
  })),
  planted('MakesHugeBlobs', ['keeps-blobs-small'], (provider) => ({
    wrap: async (dek, context) => concatBytes(await provider.wrap(dek, context), new Uint8Array(9000)),
  })),
  planted('WrapsAlike', ['never-wraps-twice-alike'], (provider) => {
    let first: Promise<Uint8Array> | undefined;
    return { wrap: (dek, context) => (first ??= provider.wrap(dek, context)) };
  }),
  planted('GarblesWhenRewrapping', ['rewraps-the-same-dek'], (provider) => ({
    rewrap: (_blob, context) => provider.wrap(new Secret(new Uint8Array(DEK_BYTES)), context),
  })),
  planted('SharesOneBuffer', ['runs-calls-at-once'], (provider) => {
    let current = new Secret(new Uint8Array(DEK_BYTES));
    return {
      wrap: async (dek, context) => {
        current = new Secret(dek.reveal());
        await Promise.resolve();
        return provider.wrap(current, context);
      },
    };
  }),
  planted('ErasesTheCallersDek', ['leaves-the-callers-dek-alone'], (provider) => ({
    wrap: (dek, context) => provider.wrap(dek, context).finally(() => dek.erase()),
  })),
  planted('CachesDeks', ['gives-each-caller-its-own-dek'], (provider) => {
    const cache = new Map<string, Promise<Secret>>();
    return {
      unwrap: (blob, context) => {
        const found = cache.get(String(blob)) ?? provider.unwrap(blob, context);
        cache.set(String(blob), found);
        return found;
      },
    };
  }),
  planted('ShoutsItsName', ['describes-itself-within-limits'], (provider) => ({
    describe: async () => ({ ...(await provider.describe()), provider: 'TOY' }),
  })),
];

const bindingMutants: readonly KekMutant[] = [
  binding('IgnoresKeyIds', ['binds-the-key-id', 'binds-what-it-rewraps'], (context) => ({
    ...context,
    keyId: 7,
  })),
  binding('IgnoresPurposes', ['binds-the-purpose'], (context) => ({ ...context, purpose: 1 })),
  binding('IgnoresOrigins', ['binds-the-origin'], ({ keyId, purpose }) => ({
    originId: CONTEXT.originId,
    keyId,
    purpose,
  })),
  planted('IgnoresTheTail', ['notices-damage'], (provider) => ({
    wrap: async (dek, context) => concatBytes(await provider.wrap(dek, context), Uint8Array.of(0)),
    unwrap: (blob, context) => provider.unwrap(blob.subarray(0, -1), context),
  })),
  {
    name: 'SharesItsKey',
    breaks: ['kek/refuses-a-foreign-key'],
    harness: () => ({ provider: new ToyKek(1), foreign: new ToyKek(1) }),
  },
];

const keepingMutants: readonly KekMutant[] = [
  planted('CriesWolf', ['probes-without-complaint-while-the-key-works'], () => ({
    probe: () => Promise.reject(new CaissonError('KEK_UNREACHABLE')),
  })),
  planted('AlwaysWell', ['notices-in-its-probe-that-the-key-is-gone'], () => ({
    probe: async () => undefined,
  })),
  {
    name: 'KeepsTheRevokedKey',
    breaks: ['kek/uses-no-key-that-was-taken-away'],
    harness: () => ({ ...toyKekHarness(), disable: () => undefined }),
  },
  planted('IgnoresSignals', ['honours-its-signal'], (provider) => ({
    wrap: (dek, context) => provider.wrap(dek, context),
    unwrap: (blob, context) => provider.unwrap(blob, context),
    rewrap: (blob, context) => provider.rewrap(blob, context),
    probe: () => provider.probe(),
  })),
  planted('TellsItsKey', ['keeps-its-secrets-out-of-what-it-says'], (provider) => ({
    unwrap: (blob, context) =>
      provider.unwrap(blob, context).catch((cause: unknown) => {
        throw new CaissonError(
          'KEK_MISMATCH',
          {},
          { cause: new CaissonError('INTERNAL', { key: toHex(KEY) }, { cause }) },
        );
      }),
  })),
];

const KEY = new ToyKek(1).material;

export const kekMutants: readonly KekMutant[] = [...wrappingMutants, ...bindingMutants, ...keepingMutants];

/** Loses a part of the context on its way to the key. */
function binding(
  name: string,
  breaks: readonly string[],
  change: (context: typeof CONTEXT) => typeof CONTEXT,
): KekMutant {
  return planted(name, breaks, (provider) => ({
    wrap: (dek, context) => provider.wrap(dek, change(context)),
    unwrap: (blob, context) => provider.unwrap(blob, change(context)),
    rewrap: (blob, context) => provider.rewrap(blob, change(context)),
  }));
}
