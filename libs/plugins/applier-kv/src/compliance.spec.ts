import {
  type ApplierHarness,
  applierKit,
  describeKit,
  ManualClock,
  PlainStores,
  plaintextSide,
} from '@caisson/compliance';
import { toUtf8 } from '@caisson/base';
import {
  type Command,
  encodeCommand,
  encodeCommands,
  encodeHlcCeiling,
  type WriteCommand,
} from '@caisson/formats';
import { KvApplier, KvGroups } from '@caisson/kv';

const key = toUtf8;
const requestId = new Uint8Array(16).fill(7);

const write = (commitTs: bigint, parts: Partial<WriteCommand>): Command => {
  return { kind: 'write', commitTs, readKeys: [], readRanges: [], conditions: [], mutations: [], ...parts };
};
const put = (name: string, expireAt = 0n) => ({
  op: 'put' as const,
  key: key(name),
  value: key(`of ${name}`),
  expireAt,
});
const payload = (...commands: readonly Command[]): Uint8Array => encodeCommands(commands.map(encodeCommand));

const SCRIPT: readonly Uint8Array[] = [
  payload(write(10n, { mutations: [put('a'), put('b', 30n)] })),
  payload(write(11n, { mutations: [put('a/1')] }), write(12n, { mutations: [put('a/2')], requestId })),
  encodeHlcCeiling(9n),
  payload(write(13n, { mutations: [put('never')], requestId })),
  payload(
    write(14n, {
      mutations: [{ op: 'delete', key: key('b') }],
      conditions: [{ key: key('b'), expect: { kind: 'exists' } }],
    }),
  ),
  payload(write(12n, { mutations: [put('late')] })),
  payload(write(15n, { mutations: [put('b')], startTs: 13n, readKeys: [key('a')] })),
  payload(write(16n, { mutations: [put('c')], startTs: 12n, readRanges: [{ from: key('a') }] })),
  encodeHlcCeiling(8n),
  payload(
    write(17n, { mutations: [{ op: 'deletePrefix', prefix: key('a/'), limit: 1 }] }),
    write(18n, { mutations: [{ op: 'deletePrefix', prefix: key('a'), limit: 5 }] }),
    write(19n, { mutations: [put('a'), { op: 'delete', key: key('a') }, { op: 'delete', key: key('a') }] }),
  ),
  payload({ kind: 'floor', floor: 15n, commitTs: 20n }),
  payload(
    write(21n, { mutations: [put('d')], startTs: 14n }),
    write(22n, { mutations: [put('e')], requestId }),
  ),
];

function makeHarness(): ApplierHarness {
  let stores = 0;
  const open = new PlainStores();
  return {
    applier: () => new KvApplier(new KvGroups({ clock: new ManualClock() })),
    store: async () => plaintextSide(await open.open(`/${stores++}`)),
    script: SCRIPT.map((each) => ({ payload: each, expect: 'applied' })),
    malformed: [
      Uint8Array.of(0),
      Uint8Array.of(1, 0, 0, 0, 0),
      Uint8Array.of(2, 1),
      payload(write(1n, {})).subarray(0, -1),
      Uint8Array.of(...payload(write(1n, {})), 0),
      Uint8Array.of(0, 9),
    ],
  };
}

describeKit(
  applierKit,
  makeHarness,
  { describe, it },
  {
    lacks: { refusal: 'a command is refused in its result, so that its neighbours in the payload are not' },
  },
);
