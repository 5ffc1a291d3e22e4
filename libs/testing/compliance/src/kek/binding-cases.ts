import { concatBytes, copyBytes } from '@caisson/base';
import type { ErrorCode, KekProvider, WrapContext } from '@caisson/contracts';
import type { Case } from '../case.js';
import { check, checkFails } from '../check.js';
import { CONTEXT, dek, FOREIGN, type KekHarness } from './kek-harness.js';

const REFUSALS: readonly ErrorCode[] = ['KEK_MISMATCH', 'KEK_CONTEXT_MISMATCH', 'KEK_BLOB_CORRUPT'];
const FLIPS_MAX = 64;

/** A blob opens under its own key and context, unchanged, and under nothing else. */
export const bindingCases: readonly Case<KekHarness>[] = [
  {
    id: 'kek/binds-the-key-id',
    because: 'two keys of a sidecar must not be swapped for each other',
    run: ({ provider }) => checkBound(provider, { ...CONTEXT, keyId: CONTEXT.keyId + 1 }),
  },
  {
    id: 'kek/binds-the-purpose',
    because: 'a log key must not open values, nor a challenge stand for a key',
    async run({ provider }) {
      await checkBound(provider, { ...CONTEXT, purpose: 2 });
      await checkBound(provider, { ...CONTEXT, purpose: 3 });
    },
  },
  {
    id: 'kek/binds-the-origin',
    because: 'keys of one cluster must not be smuggled into another that shares the KEK',
    async run({ provider }) {
      const originId = CONTEXT.originId.slice();
      originId[15]! ^= 1;
      await checkBound(provider, { ...CONTEXT, originId });
    },
  },
  {
    id: 'kek/binds-what-it-rewraps',
    because: 'a rewrap must not be the way around the context',
    async run({ provider }) {
      const other = { ...CONTEXT, keyId: CONTEXT.keyId ^ 0xff };
      const blob = await provider.wrap(dek(), CONTEXT);
      await checkFails(() => provider.rewrap(blob, other), REFUSALS, 'a rewrap under another key id');
      const again = await provider.rewrap(blob, CONTEXT);
      await checkFails(
        () => provider.unwrap(again, other),
        REFUSALS,
        'a rewrapped blob under another key id',
      );
    },
  },
  {
    id: 'kek/notices-damage',
    because: 'an attacker owns the file that holds the wrapped keys',
    async run({ provider }) {
      const blob = await provider.wrap(dek(), CONTEXT);
      const stride = Math.max(1, Math.ceil(blob.length / FLIPS_MAX));
      for (let at = blob.length - 1; at >= 0; at -= stride) {
        const damaged = copyBytes(blob);
        damaged[at]! ^= 1 << at % 8;
        await checkFails(() => provider.unwrap(damaged, CONTEXT), REFUSALS, `a blob with byte ${at} changed`);
      }
      const cuts = [
        blob.subarray(0, 0),
        blob.subarray(0, 1),
        blob.subarray(0, blob.length - 1),
        blob.subarray(1),
      ];
      for (const cut of [...cuts, concatBytes(blob, Uint8Array.of(0))]) {
        await checkFails(() => provider.unwrap(cut, CONTEXT), REFUSALS, `a blob of ${cut.length} bytes`);
      }
    },
  },
  {
    id: 'kek/refuses-a-foreign-key',
    because: 'a node with the wrong KEK must say so at its start, and not serve garbage',
    needs: FOREIGN,
    async run({ provider, foreign }) {
      const codes: readonly ErrorCode[] = [
        'KEK_MISMATCH',
        'KEK_CONTEXT_MISMATCH',
        'KEK_NOT_FOUND',
        'KEK_DENIED',
      ];
      const blob = await provider.wrap(dek(), CONTEXT);
      await checkFails(() => foreign!.unwrap(blob, CONTEXT), codes, 'a blob of another key');
      const [mine, theirs] = [await provider.describe(), await foreign!.describe()];
      check(mine.keyRef !== theirs.keyRef, 'two keys have two references');
    },
  },
];

async function checkBound(provider: KekProvider, other: WrapContext): Promise<void> {
  const blob = await provider.wrap(dek(), CONTEXT);
  await checkFails(() => provider.unwrap(blob, other), REFUSALS, 'an unwrap under another context');
  const back = await provider.wrap(dek(), other);
  await checkFails(() => provider.unwrap(back, CONTEXT), REFUSALS, 'an unwrap under the first context');
  await provider.unwrap(blob, CONTEXT);
}
