import { isCaissonError } from '@caisson/contracts';
import type { Case } from '../case.js';
import { check, checkThrows } from '../check.js';
import { CONTEXT, dek, DISABLE, type KekHarness, REVOCATION } from './kek-harness.js';
import { shows, spoken } from './leaks.js';

/** Being asked, being told to stop, being taken away, and keeping silent. */
export const keepingCases: readonly Case<KekHarness>[] = [
  {
    id: 'kek/probes-without-complaint-while-the-key-works',
    because: 'a probe that cries wolf turns every node of a cluster unhealthy',
    async run({ provider }) {
      await provider.probe();
      await provider.probe();
    },
  },
  {
    id: 'kek/notices-in-its-probe-that-the-key-is-gone',
    because: 'operators hear of a revocation from health, before the next start fails',
    needs: DISABLE,
    async run(harness) {
      await harness.disable!();
      const error = await checkThrows(() => harness.provider.probe(), 'a probe without its key');
      check(isCaissonError(error), 'a probe fails with an operating error');
    },
  },
  {
    id: 'kek/uses-no-key-that-was-taken-away',
    because: 'a revocation counts from the moment it is made: nothing outlives it in a cache',
    needs: REVOCATION,
    async run(harness) {
      const { provider } = harness;
      const blob = await provider.wrap(dek(), CONTEXT);
      await provider.unwrap(blob, CONTEXT);
      await harness.disable!();
      for (const use of [() => provider.unwrap(blob, CONTEXT), () => provider.wrap(dek(), CONTEXT)]) {
        const error = await checkThrows(use, 'a use of the key after it was taken away');
        check(isCaissonError(error), 'a key that is gone is an operating error');
      }
    },
  },
  {
    id: 'kek/honours-its-signal',
    because: 'a start that is interrupted must not wait for a key service that does not answer',
    async run({ provider }) {
      const blob = await provider.wrap(dek(), CONTEXT);
      const aborted = new AbortController();
      aborted.abort();
      const { signal } = aborted;
      await checkThrows(() => provider.wrap(dek(), CONTEXT, signal), 'wrap with an aborted signal');
      await checkThrows(() => provider.unwrap(blob, CONTEXT, signal), 'unwrap with an aborted signal');
      await checkThrows(() => provider.rewrap(blob, CONTEXT, signal), 'rewrap with an aborted signal');
      await checkThrows(() => provider.probe(signal), 'probe with an aborted signal');
    },
  },
  {
    id: 'kek/keeps-its-secrets-out-of-what-it-says',
    because: 'errors and descriptions end up in logs, tickets and dashboards',
    async run({ provider, foreign, material = [] }) {
      const blob = await provider.wrap(dek(), CONTEXT);
      const damaged = blob.map((byte, at) => (at === blob.length - 1 ? byte ^ 1 : byte));
      const heard = [
        await provider.describe(),
        await checkThrows(() => provider.unwrap(damaged, CONTEXT), 'a damaged blob'),
        await checkThrows(() => provider.unwrap(blob, { ...CONTEXT, keyId: 9 }), 'another context'),
        await checkThrows(() => provider.unwrap(blob.subarray(0, 3), CONTEXT), 'a stump of a blob'),
        ...(foreign ? [await checkThrows(() => foreign.unwrap(blob, CONTEXT), 'a foreign blob')] : []),
      ];
      const text = heard.map((each) => spoken(each)).join('\n');
      check(!shows(text, dek().reveal()), 'no error or description shows a DEK');
      for (const secret of material)
        check(!shows(text, secret), 'no error or description shows the key’s own material');
    },
  },
];
