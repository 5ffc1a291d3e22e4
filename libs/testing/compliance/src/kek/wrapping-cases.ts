import { toUtf8 } from '@caisson/base';
import type { Case } from '../case.js';
import { check, checkEqual } from '../check.js';
import { CONTEXT, dek, type KekHarness } from './kek-harness.js';

const BLOB_BYTES_MAX = 8192;
const KEY_REF_BYTES_MAX = 1024;
const STATES = ['enabled', 'disabled', 'pendingDeletion', 'unknown'];

/** What goes in comes out, and out of nothing else. */
export const wrappingCases: readonly Case<KekHarness>[] = [
  {
    id: 'kek/unwraps-what-it-wrapped',
    because: 'a data key that comes back wrong makes every value under it unreadable',
    async run({ provider }) {
      for (const purpose of [1, 2, 3] as const) {
        const context = { ...CONTEXT, purpose };
        const blob = await provider.wrap(dek(purpose), context);
        checkEqual(
          (await provider.unwrap(blob, context)).reveal(),
          dek(purpose).reveal(),
          'the unwrapped DEK',
        );
      }
    },
  },
  {
    id: 'kek/keeps-blobs-small',
    because: 'sidecar and backup refuse wrapped keys above 8 KiB before they allocate',
    async run({ provider }) {
      const blob = await provider.wrap(dek(), CONTEXT);
      check(blob.length >= 1 && blob.length <= BLOB_BYTES_MAX, 'a blob has 1 to 8192 bytes');
    },
  },
  {
    id: 'kek/never-wraps-twice-alike',
    because: 'equal blobs tell an observer which nodes and backups share a key',
    async run({ provider }) {
      const blobs = new Set<string>();
      for (let turn = 0; turn < 5; turn++) blobs.add(String(await provider.wrap(dek(), CONTEXT)));
      checkEqual(blobs.size, 5, 'different blobs of one DEK');
    },
  },
  {
    id: 'kek/rewraps-the-same-dek',
    because: 'rotating the KEK must not touch data',
    async run({ provider }) {
      const again = await provider.rewrap(await provider.wrap(dek(), CONTEXT), CONTEXT);
      check(again.length >= 1 && again.length <= BLOB_BYTES_MAX, 'a rewrapped blob has 1 to 8192 bytes');
      checkEqual(
        (await provider.unwrap(again, CONTEXT)).reveal(),
        dek().reveal(),
        'the DEK of a rewrapped blob',
      );
    },
  },
  {
    id: 'kek/runs-calls-at-once',
    because: 'a start unwraps the keys of all groups together',
    async run({ provider }) {
      const numbers = [1, 2, 3, 4, 5, 6];
      const contextOf = (number: number) => ({ ...CONTEXT, keyId: number });
      const blobs = await Promise.all(numbers.map((number) => provider.wrap(dek(number), contextOf(number))));
      const unwrapped = await Promise.all(
        blobs.map((blob, at) => provider.unwrap(blob, contextOf(numbers[at]!))),
      );
      checkEqual(
        unwrapped.map((key) => key.reveal()),
        numbers.map((number) => dek(number).reveal()),
        'DEKs',
      );
    },
  },
  {
    id: 'kek/leaves-the-callers-dek-alone',
    because: 'the caller erases its key when it is done, and not before',
    async run({ provider }) {
      const mine = dek();
      const blob = await provider.wrap(mine, CONTEXT);
      checkEqual(mine.reveal(), dek().reveal(), 'the DEK that was handed in');
      mine.erase();
      checkEqual(
        (await provider.unwrap(blob, CONTEXT)).reveal(),
        dek().reveal(),
        'the DEK after the caller erased its own',
      );
    },
  },
  {
    id: 'kek/gives-each-caller-its-own-dek',
    because: 'one holder erases its key while another goes on using the same',
    async run({ provider }) {
      const blob = await provider.wrap(dek(), CONTEXT);
      (await provider.unwrap(blob, CONTEXT)).erase();
      checkEqual(
        (await provider.unwrap(blob, CONTEXT)).reveal(),
        dek().reveal(),
        'the DEK after another was erased',
      );
    },
  },
  {
    id: 'kek/describes-itself-within-limits',
    because: 'provider and key reference are stored in every wrapped key, and decide which provider opens it',
    async run({ provider }) {
      const description = await provider.describe();
      check(/^[a-z0-9-]{1,32}$/.test(description.provider), 'the provider’s name is 1 to 32 of [a-z0-9-]');
      const refBytes = toUtf8(description.keyRef).length;
      check(refBytes >= 1 && refBytes <= KEY_REF_BYTES_MAX, 'the key reference has 1 to 1024 bytes');
      check(STATES.includes(description.state), 'the state is one of the contract’s');
      check(typeof description.hardware === 'boolean', 'hardware is true or false');
      check(typeof description.postQuantum === 'boolean', 'postQuantum is true or false');
      const again = await provider.describe();
      checkEqual(
        [again.provider, again.keyRef],
        [description.provider, description.keyRef],
        'a second description',
      );
    },
  },
];
