import { invariant } from '@caisson/base';

const U32_MAX = 0xffff_ffff;

/** Staleness as a u32: rounded up, and at the maximum it means "at least". */
export function staleMsField(staleMs: number): number {
  invariant('FMT-1', staleMs >= 0, 'staleMs');
  return Math.min(Math.ceil(staleMs), U32_MAX);
}
