import { invariant } from '@caisson/base';
import { z } from 'zod';
import { AmidFault, amidFamily } from './amid-faults.js';
import { ClientFault, clientFamily } from './client-faults.js';
import { ClockFault, clockFamily } from './clock-faults.js';
import { CopyFault, copyFamily } from './copy-faults.js';
import { CustodyFault, custodyFamily } from './custody-faults.js';
import { DiskFault, diskFamily } from './disk-faults.js';
import type { Family, Scene } from './family.js';
import { KeyFault, keyFamily } from './key-faults.js';
import { MemberFault, memberFamily } from './member-faults.js';
import { NetworkFault, networkFamily } from './network-faults.js';
import { OrderFault, orderFamily } from './order-faults.js';
import { ProcessFault, processFamily } from './process-faults.js';
import { RollFault, rollFamily } from './roll-faults.js';
import { WireFault, wireFamily } from './wire-faults.js';

/** What can be done to a cluster, as data. Nodes are named, so a schedule reads like a story. */
export const Fault = z.discriminatedUnion('kind', [
  ProcessFault,
  NetworkFault,
  MemberFault,
  ClockFault,
  KeyFault,
  OrderFault,
  ClientFault,
  DiskFault,
  WireFault,
  AmidFault,
  CopyFault,
  CustodyFault,
  RollFault,
]);
export type Fault = z.infer<typeof Fault>;

/** Each family knows its own faults, whatever the others are. */
const FAMILIES = [
  processFamily,
  networkFamily,
  memberFamily,
  clockFamily,
  keyFamily,
  orderFamily,
  clientFamily,
  diskFamily,
  wireFamily,
  amidFamily,
  copyFamily,
  custodyFamily,
  rollFamily,
] as unknown as readonly Family<Fault>[];

export function isRelief(fault: Fault): boolean {
  return familyOf(fault).isRelief(fault);
}

export function describeFault(fault: Fault): string {
  return familyOf(fault).describe(fault);
}

/** Its id in the catalogue of faults. */
export function idOf(fault: Fault): string {
  return familyOf(fault).idOf(fault);
}

/** Whether it changed anything. */
export function performFault(fault: Fault, scene: Scene): boolean {
  return familyOf(fault).perform(fault, scene);
}

function familyOf({ kind }: Fault): Family<Fault> {
  const family = FAMILIES.find(({ kinds }) => kinds.includes(kind));
  invariant('LAB-2', family !== undefined, 'every kind of fault belongs to a family');
  return family;
}
