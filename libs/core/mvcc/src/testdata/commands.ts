import fc from 'fast-check';
import type { Timestamp } from '@caisson/contracts';
import type { Command, CommandMutation } from '@caisson/formats';

/** Keys that are prefixes of each other and full of the bytes that escaping is about. */
const KEYS: readonly Uint8Array[] = [
  [],
  [0],
  [0, 0],
  [0, 0xff],
  [0, 1],
  [1],
  [1, 0],
  [1, 0, 1],
  [1, 0xff],
  [2],
  [0xff],
  [0xff, 0],
  [0xff, 0xff],
].map((bytes) => Uint8Array.from(bytes));

export const someKey = (): fc.Arbitrary<Uint8Array> => fc.constantFrom(...KEYS);

const value = (): fc.Arbitrary<Uint8Array> => fc.nat(2).map((byte) => Uint8Array.of(byte));
const range = () => fc.record({ from: someKey(), to: someKey() });

/** A command before its times are known: `(last timestamp so far) => command`. */
export type Draft = (lastTs: Timestamp) => Command;

const step = (): fc.Arbitrary<bigint> =>
  fc.oneof({ weight: 20, arbitrary: fc.bigInt(1n, 3n) }, fc.constantFrom(0n, -2n));

const mutation = (): fc.Arbitrary<(commitTs: Timestamp) => CommandMutation> =>
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .record({ key: someKey(), value: value(), life: fc.option(fc.bigInt(1n, 12n), { nil: undefined }) })
        .map(({ key, value, life }) => (commitTs: Timestamp) => {
          return { op: 'put' as const, key, value, expireAt: life === undefined ? 0n : commitTs + life };
        }),
    },
    { weight: 2, arbitrary: someKey().map((key) => () => ({ op: 'delete' as const, key })) },
    {
      weight: 1,
      arbitrary: fc
        .record({ prefix: someKey(), limit: fc.integer({ min: 1, max: 4 }) })
        .map(({ prefix, limit }) => () => ({ op: 'deletePrefix' as const, prefix, limit })),
    },
  );

const expectation = (lastTs: Timestamp, back: bigint, byte: number, kind: number) => {
  if (kind === 0) return { kind: 'absent' as const };
  if (kind === 1) return { kind: 'exists' as const };
  if (kind === 2) return { kind: 'value' as const, value: Uint8Array.of(byte) };
  return { kind: 'version' as const, ts: clamp(lastTs - back) };
};

const clamp = (ts: Timestamp): Timestamp => (ts < 0n ? 0n : ts);

export const writeDraft = (): fc.Arbitrary<Draft> =>
  fc
    .record({
      step: step(),
      mutations: fc.array(mutation(), { maxLength: 4 }),
      conditions: fc.array(
        fc.record({ key: someKey(), back: fc.bigInt(0n, 6n), byte: fc.nat(2), kind: fc.nat(3) }),
        { maxLength: 1 },
      ),
      start: fc.option(
        fc.record({
          back: fc.bigInt(-1n, 9n),
          readKeys: fc.array(someKey(), { maxLength: 2 }),
          readRanges: fc.array(range(), { maxLength: 1 }),
        }),
        { nil: undefined },
      ),
      request: fc.option(fc.nat(9), { nil: undefined }),
    })
    .map(({ step, mutations, conditions, start, request }) => (lastTs: Timestamp): Command => {
      const commitTs = clamp(lastTs + step);
      return {
        kind: 'write',
        commitTs,
        ...(request !== undefined && { requestId: new Uint8Array(16).fill(request) }),
        ...(start !== undefined && { startTs: clamp(lastTs - start.back) }),
        readKeys: start?.readKeys ?? [],
        readRanges: start?.readRanges ?? [],
        conditions: conditions.map(({ key, back, byte, kind }) => {
          return { key, expect: expectation(lastTs, back, byte, kind) };
        }),
        mutations: mutations.map((make) => make(commitTs)),
      };
    });

export const blindDraft = (): fc.Arbitrary<Draft> =>
  fc
    .record({ step: fc.bigInt(1n, 3n), key: someKey(), value: value() })
    .map(({ step, key, value }) => (lastTs) => {
      const mutations = [{ op: 'put' as const, key, value, expireAt: 0n }];
      return {
        kind: 'write',
        commitTs: lastTs + step,
        readKeys: [],
        readRanges: [],
        conditions: [],
        mutations,
      };
    });

export const floorDraft = (): fc.Arbitrary<Draft> =>
  fc.record({ step: step(), back: fc.bigInt(-2n, 12n) }).map(({ step, back }) => (lastTs) => {
    return { kind: 'floor', commitTs: clamp(lastTs + step), floor: clamp(lastTs - back) };
  });

export const draft = (): fc.Arbitrary<Draft> =>
  fc.oneof(
    { weight: 6, arbitrary: writeDraft() },
    { weight: 4, arbitrary: blindDraft() },
    { weight: 1, arbitrary: floorDraft() },
  );
