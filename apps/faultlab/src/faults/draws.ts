import { CHANGES } from './amid-faults.js';
import { CLIENTS } from './client-faults.js';
import { CLOCKS } from './clock-faults.js';
import { COPIES } from './copy-faults.js';
import { CUSTODY } from './custody-faults.js';
import { DISKS, IMAGES } from './disk-faults.js';
import type { Draw } from './family.js';
import { KEYS } from './key-faults.js';
import { MEMBERS, REPLACEMENTS } from './member-faults.js';
import { CUTS, LINKS } from './network-faults.js';
import { ORDERED } from './order-faults.js';
import { CRASHES, FLAGS, HANGS, RESTARTS } from './process-faults.js';
import { ROLLS } from './roll-faults.js';
import { WIRES } from './wire-faults.js';

/** What may go wrong in a storm, by the name under which a plan turns it on. */
export const DRAWS = {
  crashes: CRASHES,
  restarts: RESTARTS,
  cuts: CUTS,
  members: MEMBERS,
  hangs: HANGS,
  flags: FLAGS,
  links: LINKS,
  replacements: REPLACEMENTS,
  clocks: CLOCKS,
  keys: KEYS,
  orders: [...ORDERED, ...ROLLS],
  clients: CLIENTS,
  disks: DISKS,
  images: IMAGES,
  wires: WIRES,
  changes: CHANGES,
  copies: COPIES,
  custody: CUSTODY,
} as const satisfies Readonly<Record<string, readonly Draw[]>>;

export type FamilyName = keyof typeof DRAWS;

export const FAMILY_NAMES = Object.keys(DRAWS) as FamilyName[];

/** What storms have unless their plan says otherwise. */
export const USUAL: readonly FamilyName[] = ['crashes', 'restarts', 'cuts', 'members'];

/** All that may be drawn with these turned on. */
export function drawsOf(families: readonly FamilyName[]): readonly Draw[] {
  return FAMILY_NAMES.filter((name) => families.includes(name)).flatMap(
    (name): readonly Draw[] => DRAWS[name],
  );
}
