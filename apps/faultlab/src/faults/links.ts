import { z } from 'zod';
import type { Scene } from './family.js';
import { node } from './names.js';

/** Each link in its direction. */
export const links = z.array(z.tuple([node, node])).min(1);
export type Links = z.infer<typeof links>;

export function linksInWords(some: Links): string {
  return some.map(([from, to]) => `${from} to ${to}`).join(', ');
}

/** Does something to each of them, by the addresses of both ends; whether it changed anything. */
export function onEach(some: Links, { cluster }: Scene, act: (from: string, to: string) => boolean): boolean {
  let changed = 0;
  for (const [from, to] of some) {
    const [source, target] = [cluster.find(from), cluster.find(to)];
    if (source !== undefined && target !== undefined && act(source.address, target.address)) changed++;
  }
  return changed > 0;
}
