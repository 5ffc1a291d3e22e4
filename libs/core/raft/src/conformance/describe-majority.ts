import { hex } from '../debug/describe-state.js';
import type { AckedIndex, Majority } from '../quorum/majority.js';

/** A table of who has acknowledged what: the longer the bar, the further ahead. */
export function describeMajority(voters: Majority, acked: AckedIndex): string {
  const size = voters.length;
  if (size === 0) return '<empty majority quorum>';
  const ranked = voters.map((id) => ({ id, index: acked(id) ?? 0 }));
  ranked.sort((left, right) => left.index - right.index || left.id - right.id);
  const bars = new Map<number, number>();
  ranked.forEach(({ id, index }, rank) => {
    const previous = ranked[rank - 1];
    const bar = previous === undefined ? 0 : index > previous.index ? rank : bars.get(previous.id)!;
    bars.set(id, bar);
  });
  const rows = voters.map((id) => {
    const bar = bars.get(id)!;
    const known = acked(id) !== undefined;
    const drawn = known ? `${'x'.repeat(bar)}>${' '.repeat(size - bar)}` : `?${' '.repeat(size)}`;
    return `${drawn} ${String(acked(id) ?? 0).padStart(5)}    (id=${hex(id)})\n`;
  });
  return `${' '.repeat(size)}    idx\n${rows.join('')}`;
}
