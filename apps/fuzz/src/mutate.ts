import { Chance } from './chance.js';
import type { Subject } from './subject.js';

type Mutation = (input: Uint8Array, chance: Chance, subject: Subject) => Uint8Array;

const BYTES = [0x00, 0x01, 0x7f, 0x80, 0xff] as const;
const INPUT_BYTES_MAX = 8192;
const TEXT = [
  '"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '\\u0000',
  '-1',
  '1e999',
  '0',
  '18446744073709551616',
  'null',
];

/** Input number `number` of a subject under a seed: always the same one. */
export function inputOf(seed: number, subject: Subject, number: number): Uint8Array {
  const chance = new Chance(`${seed}/${subject.name}/${number}`);
  if (subject.seeds.length === 0 || chance.below(12) === 0) return noise(chance);
  let input = chance.one(subject.seeds);
  const steps = chance.below(4);
  for (let step = 0; step <= steps; step++) input = chance.one(MUTATIONS)(input, chance, subject);
  if (input.length > INPUT_BYTES_MAX) input = input.slice(0, INPUT_BYTES_MAX);
  return subject.mend && chance.below(4) > 0 ? subject.mend(input) : input;
}

function noise(chance: Chance): Uint8Array {
  const length = chance.below(chance.below(20) === 0 ? 4096 : 96);
  return Uint8Array.from({ length }, () => chance.below(256));
}

function edited(input: Uint8Array, edit: (bytes: Uint8Array) => void): Uint8Array {
  if (input.length === 0) return input;
  const bytes = new Uint8Array(input);
  edit(bytes);
  return bytes;
}

function spliced(input: Uint8Array, at: number, removed: number, added: Uint8Array): Uint8Array {
  return Uint8Array.from([...input.subarray(0, at), ...added, ...input.subarray(at + removed)]);
}

/** A length, a count or a number that is not what follows. */
const lie: Mutation = (input, chance) =>
  edited(input, (bytes) => {
    const width = chance.one([1, 2, 4, 8] as const);
    const left = BigInt(bytes.length);
    const numbers = [0n, 1n, left - 1n, left, left + 1n, 0xffffn, 0x7fff_ffffn, 0xffff_ffffn, 1n << 53n, ~0n];
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, BigInt.asUintN(64, chance.one(numbers)));
    const number = new Uint8Array(view.buffer, 8 - width);
    const at = chance.below(bytes.length);
    bytes.set(number.subarray(0, Math.min(width, bytes.length - at)), at);
  });

const MUTATIONS: readonly Mutation[] = [
  (input, chance) =>
    edited(input, (bytes) => void (bytes[chance.below(bytes.length)]! ^= 1 << chance.below(8))),
  (input, chance) => edited(input, (bytes) => void (bytes[chance.below(bytes.length)] = chance.one(BYTES))),
  (input, chance) => edited(input, (bytes) => void (bytes[chance.below(bytes.length)] = chance.below(256))),
  lie,
  lie,
  (input, chance) => input.slice(0, chance.below(input.length + 1)),
  (input, chance) => spliced(input, input.length, 0, noise(chance).subarray(0, 16)),
  (input, chance) => spliced(input, chance.below(input.length + 1), 1 + chance.below(8), new Uint8Array(0)),
  (input, chance) => {
    const from = chance.below(input.length + 1);
    const part = input.slice(from, from + 1 + chance.below(64));
    return spliced(input, chance.below(input.length + 1), 0, part);
  },
  (input, chance, { seeds }) => {
    const other = chance.one(seeds);
    const from = chance.below(other.length + 1);
    return spliced(input, chance.below(input.length + 1), chance.below(16), other.slice(from, from + 64));
  },
  (input, chance) => spliced(input, chance.below(input.length + 1), 0, Buffer.from(chance.one(TEXT))),
];
