import { equalBytes } from '@caisson/base';
import { isCaissonError } from '@caisson/contracts';
import { getHeapStatistics } from 'node:v8';
import { isDeepStrictEqual } from 'node:util';
import type { Subject } from './subject.js';

/** What a decoder may allocate for an input: a fixed part, and so much for each byte of it. */
export const MEMORY = { fixed: 128 * 1024, perByte: 512 } as const;
/** No decoder of so short inputs takes so long, on any machine. */
const TIME_MS_MAX = 2_000;
/** Compilers and other threads take memory and time too; what a decoder takes, it takes every time. */
const TRIES = 4;

export type Outcome = 'decoded' | 'refused';

export type Judgement = { readonly outcome: Outcome } | { readonly failure: string };

/** Gives a decoder one input, and says whether it did with it what it may. */
export function judge(subject: Subject, input: Uint8Array): Judgement {
  const limit = MEMORY.fixed + MEMORY.perByte * input.length;
  for (let left = TRIES; ; left--) {
    const began = performance.now();
    const before = allocated();
    const result = attempt(subject, input);
    const bytes = allocated() - before;
    const ms = performance.now() - began;
    if ('failure' in result) return result;
    if (bytes <= limit && ms <= TIME_MS_MAX)
      return 'value' in result ? again(subject, input, result.value) : result;
    if (left > 1) continue;
    if (bytes > limit) return { failure: `allocates ${bytes} bytes for an input of ${input.length}` };
    return { failure: `takes ${Math.round(ms)} ms` };
  }
}

function allocated(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}

type Attempt = { readonly value: unknown } | Judgement;

function attempt({ decode, codes }: Subject, input: Uint8Array): Attempt {
  try {
    return { value: decode(input) };
  } catch (error) {
    if (isCaissonError(error) && codes.includes(error.code)) return { outcome: 'refused' };
    return { failure: `throws ${inWords(error)}` };
  }
}

/** What decodes is written again: the same bytes, or, of a value with many forms, bytes that stay so. */
function again({ encode, decode, manyForms }: Subject, input: Uint8Array, value: unknown): Judgement {
  if (encode === undefined) return { outcome: 'decoded' };
  try {
    const written = encode(value);
    if (!manyForms)
      return equalBytes(written, input)
        ? { outcome: 'decoded' }
        : { failure: 'decodes what it would not write' };
    const read = decode(written);
    const isStable = equalBytes(encode(read), written) && isSame(read, value);
    return isStable ? { outcome: 'decoded' } : { failure: 'does not read back what it writes' };
  } catch (error) {
    return { failure: `cannot write what it decoded: ${inWords(error)}` };
  }
}

function isSame(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(a, b) || (a instanceof Error && b instanceof Error);
}

function inWords(error: unknown): string {
  if (isCaissonError(error)) return error.code;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
