/**
 * Everything somebody may do to a disk who cannot open it. Under envelope 2 each is met by its own error, and
 * none is absence or another value; what envelope 1 does not see is shown as what happens.
 */
import { concatBytes, fromUtf8, toUtf8 } from '@caisson/base';
import {
  decodeKeyState,
  decodeProposal,
  encodeHeader,
  encodeKeyState,
  encodeSealedProposal,
  PROPOSAL_KIND,
  SYSTEM_KEYS,
  TOMBSTONE,
  VALUE_HEADER_BYTES,
} from '@caisson/formats';
import { Exhibit, SIDECAR, writing } from './exhibit.js';
import { note } from './mini-engine.js';
import { driven, World } from './world.js';

interface Tampering {
  readonly what: string;
  readonly act: (exhibit: Exhibit) => Promise<void> | void;
  readonly outcome: string;
  /** Under envelope 1, where that is another one. */
  readonly outcome1?: string;
}

const SOUND = 'a: new, b: other';
const UNREADABLE = 'a: ENCRYPTED_READ_INTEGRITY, b: other';
const HALTED = 'start: RAFT_UNWRAP_FAILED';
const SALT_AT = VALUE_HEADER_BYTES + 6;

function flipped(bytes: Uint8Array, at: number, bit = 1): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at < 0 ? bytes.length + at : at]! ^= bit;
  return copy;
}

/** The newest value of `a` is not what it was. */
const edit = (change: (stored: Uint8Array) => Uint8Array) => async (exhibit: Exhibit) =>
  exhibit.put(exhibit.newest, change(await exhibit.value(exhibit.newest)));

/** In its place stands what lay elsewhere. */
const replace = (find: (exhibit: Exhibit) => Uint8Array | Promise<Uint8Array>) => async (exhibit: Exhibit) =>
  exhibit.put(exhibit.newest, await find(exhibit));

const header = (change: Partial<Parameters<typeof encodeHeader>[0]>) =>
  encodeHeader({ tombstone: false, state: 'sealed', expireAt: 0n, ...change });

const withHeader = (change: Parameters<typeof header>[0]) =>
  edit((stored) => concatBytes(header(change), stored.subarray(VALUE_HEADER_BYTES)));

const VALUES: readonly Tampering[] = [
  { what: 'nothing at all', act: () => undefined, outcome: SOUND },
  {
    what: 'a flipped bit of the ciphertext',
    act: edit((stored) => flipped(stored, -20)),
    outcome: UNREADABLE,
  },
  { what: 'a flipped bit of the tag', act: edit((stored) => flipped(stored, -1)), outcome: UNREADABLE },
  {
    what: 'a flipped bit where the salt is',
    act: edit((stored) => flipped(stored, SALT_AT)),
    outcome: UNREADABLE,
  },
  {
    what: 'a flipped flag',
    act: edit((stored) => flipped(stored, VALUE_HEADER_BYTES + 1)),
    outcome: UNREADABLE,
  },
  {
    what: 'another version byte',
    act: edit((stored) => flipped(stored, VALUE_HEADER_BYTES, 3)),
    outcome: UNREADABLE,
  },
  {
    what: 'an unknown key id',
    act: edit((stored) => flipped(stored, VALUE_HEADER_BYTES + 2)),
    outcome: 'a: UNKNOWN_KEY_ID, b: other',
  },
  { what: 'a truncated value', act: edit((stored) => stored.subarray(0, 30)), outcome: UNREADABLE },
  { what: 'an empty row', act: edit(() => new Uint8Array(0)), outcome: UNREADABLE },
  {
    what: 'a value moved from another key',
    act: replace((exhibit) => exhibit.value(exhibit.key('b', exhibit.other))),
    outcome: UNREADABLE,
  },
  {
    what: 'a value moved from an older version',
    act: replace((exhibit) => exhibit.value(exhibit.key('a', exhibit.old))),
    outcome: UNREADABLE,
  },
  { what: 'an edited expiry', act: withHeader({ expireAt: 1n }), outcome: UNREADABLE },
  { what: 'a tombstone bit', act: withHeader({ tombstone: true }), outcome: UNREADABLE },
  { what: 'a header that says clear', act: withHeader({ state: 'clear' }), outcome: UNREADABLE },
  {
    what: 'a reserved state',
    act: edit((stored) => flipped(stored, 0, 4)),
    outcome: 'a: ENCRYPTED_VALUE_RESERVED_STATE, b: other',
  },
  {
    what: 'a forged clear value after the cutover',
    act: replace(() => concatBytes(header({ state: 'clear' }), toUtf8('forged'))),
    outcome: UNREADABLE,
  },
  {
    what: 'the envelope of an entry',
    act: replace((exhibit) => concatBytes(header({}), decodeProposal(exhibit.entry(exhibit.newer)).body)),
    outcome: 'a: UNKNOWN_KEY_ID, b: other',
  },
  {
    what: 'a value of another cluster',
    act: replace(({ elsewhere }) => elsewhere.value),
    outcome: 'a: UNKNOWN_KEY_ID, b: other',
  },
  {
    what: 'a value of another cluster, under the same key',
    act: replace(({ kin }) => kin.value),
    outcome: UNREADABLE,
    outcome1: 'a: foreign, b: other',
  },
];

/** The entries are applied again at the next start. */
const LOG: readonly Tampering[] = [
  { what: 'nothing at all', act: () => undefined, outcome: SOUND },
  {
    what: 'a flipped bit of the ciphertext',
    act: (exhibit) => exhibit.putEntry(exhibit.newer, flipped(exhibit.entry(exhibit.newer), -20)),
    outcome: HALTED,
  },
  {
    what: 'an edited proposal id',
    act: (exhibit) => exhibit.putEntry(exhibit.newer, flipped(exhibit.entry(exhibit.newer), 8)),
    outcome: HALTED,
    outcome1: SOUND,
  },
  {
    what: 'two entries in each other’s place',
    act: (exhibit) => {
      const [old, newer] = [exhibit.entry(exhibit.old), exhibit.entry(exhibit.newer)];
      exhibit.putEntry(exhibit.old, newer);
      exhibit.putEntry(exhibit.newer, old);
    },
    outcome: HALTED,
    outcome1: 'a: old, b: other',
  },
  {
    what: 'an entry repeated in the place of another',
    act: (exhibit) => exhibit.putEntry(exhibit.other, exhibit.entry(exhibit.old)),
    outcome: HALTED,
    outcome1: 'a: old, b: not found',
  },
  {
    what: 'an entry repeated behind the last one',
    act: ({ world, old }) => void world.log.push({ ...world.log[old - 1]! }),
    outcome: HALTED,
    outcome1: 'a: old, b: other',
  },
  {
    what: 'an entry of another group, under the same key',
    act: (exhibit) => exhibit.putEntry(exhibit.newer, exhibit.sibling),
    outcome: HALTED,
    outcome1: 'a: foreign, b: other',
  },
  {
    what: 'an entry of another cluster',
    act: (exhibit) => exhibit.putEntry(exhibit.newer, exhibit.elsewhere.entry),
    outcome: HALTED,
  },
  {
    what: 'an entry of another cluster, under the same key',
    act: (exhibit) => exhibit.putEntry(exhibit.newer, exhibit.kin.entry),
    outcome: HALTED,
    outcome1: 'a: foreign, b: other',
  },
  {
    what: 'the envelope of a value',
    act: (exhibit) =>
      exhibit.putEntry(exhibit.newer, encodeSealedProposal(1n, exhibit.stored.subarray(VALUE_HEADER_BYTES))),
    outcome: HALTED,
  },
  {
    what: 'a kind byte that says clear, behind a sealed entry',
    act: (exhibit) => exhibit.putEntry(exhibit.newer, withKind(exhibit.entry(exhibit.newer), 'clear')),
    outcome: HALTED,
  },
];

function withKind(data: Uint8Array, kind: keyof typeof PROPOSAL_KIND): Uint8Array {
  return Uint8Array.from([PROPOSAL_KIND[kind], ...data.subarray(1)]);
}

async function editSidecar({ world }: Exhibit, find: RegExp, put: string): Promise<void> {
  const text = fromUtf8((await world.disk.read(SIDECAR))!)!;
  expect(text).toMatch(find);
  world.disk.put(SIDECAR, toUtf8(text.replace(find, put)));
}

const FILES: readonly Tampering[] = [
  {
    what: 'two wrapped DEKs in each other’s place in the sidecar',
    act: async (exhibit) => {
      const text = fromUtf8((await exhibit.world.disk.read(SIDECAR))!)!;
      const [first, second] = [...text.matchAll(/"wrapped": "([^"]+)"/g)].map(([, wrapped]) => wrapped!);
      const swapped = text.replace(first!, '#').replace(second!, first!).replace('#', second!);
      exhibit.world.disk.put(SIDECAR, toUtf8(swapped));
    },
    outcome: 'start: KEK_MISMATCH',
  },
  {
    what: 'two wrapped DEKs in each other’s place in the store, and no sidecar',
    act: async (exhibit) => {
      const state = decodeKeyState(await exhibit.value(SYSTEM_KEYS.keyState));
      const [first, second] = state.keys;
      const keys = [
        { ...first!, container: second!.container },
        { ...second!, container: first!.container },
      ];
      await exhibit.put(SYSTEM_KEYS.keyState, encodeKeyState({ ...state, keys }));
      await exhibit.world.disk.remove(SIDECAR);
    },
    outcome: 'start: KEK_MISMATCH',
  },
  {
    what: 'a flag of the sidecar',
    act: (exhibit) =>
      editSidecar(exhibit, /"storage_envelope_active": true/, '"storage_envelope_active": false'),
    outcome: 'start: SIDECAR_CORRUPT',
  },
  {
    what: 'an epoch of the sidecar',
    act: (exhibit) => editSidecar(exhibit, /"local_epoch": 1/, '"local_epoch": 0'),
    outcome: 'start: SIDECAR_CORRUPT',
  },
  {
    what: 'a cutover of the sidecar',
    act: (exhibit) =>
      editSidecar(exhibit, /"raft_envelope_cutover_index": \d+/, '"raft_envelope_cutover_index": 9'),
    outcome: 'start: SIDECAR_CORRUPT',
  },
  {
    what: 'the sidecar of an earlier start',
    act: ({ world, sidecars }) => world.disk.put(SIDECAR, sidecars[0]!),
    outcome: 'start: LOCAL_EPOCH_ROLLBACK',
  },
  {
    what: 'a cutover of the key state in the store',
    act: async (exhibit) => {
      const state = decodeKeyState(await exhibit.value(SYSTEM_KEYS.keyState));
      const edited = encodeKeyState({ ...state, storageCutoverTs: 1n << 60n });
      await exhibit.put(SYSTEM_KEYS.keyState, edited);
      await exhibit.world.disk.remove(SIDECAR);
    },
    outcome: 'start: CORRUPTION',
  },
];

/** No envelope stands where something was taken away. */
const UNSEEN: readonly Tampering[] = [
  {
    what: 'a row taken away',
    act: (exhibit) => exhibit.put(exhibit.newest, undefined),
    outcome: 'a: old, b: other',
  },
  { what: 'a forged tombstone', act: replace(() => TOMBSTONE), outcome: 'a: , b: other' },
];

describe.each([2, 1] as const)('under envelope %i,', (version) => {
  const expected = ({ outcome, outcome1 }: Tampering) => (version === 2 ? outcome : (outcome1 ?? outcome));
  const cases = (all: readonly Tampering[]) =>
    all.map((tampering) => [tampering.what, expected(tampering), tampering] as const);

  test.each(cases(VALUES))('in the place of a value: %s, comes to %s', async (_, outcome, { act }) => {
    const exhibit = await Exhibit.of(version, 'stopped');
    await act(exhibit);
    expect(await exhibit.outcome()).toBe(outcome);
  });

  test.each(cases(LOG))('in the log: %s, comes to %s', async (_, outcome, { act }) => {
    const exhibit = await Exhibit.of(version, 'crashed');
    await act(exhibit);
    expect(await exhibit.outcome()).toBe(outcome);
  });

  test.each(cases(FILES))('in the key files: %s, comes to %s', async (_, outcome, { act }) => {
    const exhibit = await Exhibit.of(version, 'stopped');
    await act(exhibit);
    expect(await exhibit.outcome()).toBe(outcome);
  });

  test.each(cases(UNSEEN))('no envelope sees %s: it comes to %s', async (_, outcome, { act }) => {
    const exhibit = await Exhibit.of(version, 'stopped');
    await act(exhibit);
    expect(await exhibit.outcome()).toBe(outcome);
  });
});

describe('a flipped kind byte', () => {
  const config = { enabled: true, envelopeVersion: 2 };

  async function flippedAt(world: World, change: (data: Uint8Array) => Uint8Array): Promise<unknown> {
    world.crash();
    const last = world.log.pop()!;
    world.log.push({ ...last, data: change(last.data) });
    return world.start({ config }).catch((error: unknown) => error);
  }

  test.each([1, 2] as const)(
    'of the very first entry sealed in version %i is told from a clear one',
    async (version) => {
      const world = new World();
      const running = await driven(world, writing(version));
      await running.engine.propose(note('a', 'value'));
      const failure = await flippedAt(world, (data) => withKind(data, 'clear'));
      expect(failure).toMatchObject({
        code: 'RAFT_UNWRAP_FAILED',
        details: { reason: 'a sealed entry that says it is clear' },
      });
    },
  );

  test('of a clear entry halts where nothing may be sealed yet', async () => {
    const world = new World({ birth: 'clear' });
    const running = await driven(world, { config });
    await running.engine.propose(note('a', 'value'));
    expect(await flippedAt(world, (data) => withKind(data, 'sealed'))).toMatchObject({
      code: 'RAFT_UNWRAP_FAILED',
    });
  });
});
