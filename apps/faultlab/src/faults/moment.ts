import { z } from 'zod';

/** Places in the life of a node that a fault can wait for. */
export const MOMENTS = [
  /** A log is about to store entries, or has. */
  'appends',
  'appended',
  /** A proposal is about to enter the group, or an entry about to be applied; `of` tells which. */
  'proposes',
  'applies',
  /** The sidecar is about to be replaced. */
  'renames',
  /** A piece of a snapshot is about to go out. */
  'sends-piece',
  /** A key service is about to be asked. */
  'asks-key',
  /** An order about keys comes to a step; `of` tells which. */
  'orders',
] as const;

export const ENTRY_NAMES = [
  'write',
  'ceiling',
  'register',
  'bootstrap',
  'keys',
  'members',
  'genesis',
  'other',
] as const;
export type EntryName = (typeof ENTRY_NAMES)[number];

const STEPS = [
  'asking',
  'bootstrapping',
  'rotating',
  'registering',
  'rewrapping',
  'holding',
  'enabling',
  'scrubbing',
  'counting',
  'suspending',
  'resuming',
  'retiring',
  'erasing',
  'sealing',
  'done',
] as const;

/** When a fault happens, once it is armed: at the `nth` such moment from then on. */
export const Trigger = z.strictObject({
  event: z.enum(MOMENTS),
  /** On whom; anybody where nothing is said. */
  node: z
    .string()
    .regex(/^(n[1-9]\d{0,2}|leader|follower)$/)
    .optional(),
  of: z.enum([...ENTRY_NAMES, ...STEPS]).optional(),
  nth: z.number().int().min(1).max(10_000).default(1),
});
export type Trigger = z.output<typeof Trigger>;

export function describeTrigger({ event, node = 'anybody', nth, of }: Trigger): string {
  const what = of === undefined ? event : `${event} ${of}`;
  return `when ${node} ${what}${nth > 1 ? ` (${nth}th time)` : ''}`;
}

interface Armed {
  readonly trigger: Trigger;
  readonly perform: () => void;
  left: number;
}

/** Who waits for which moment. */
export class Moments {
  readonly #armed = new Set<Armed>();
  readonly #isLeader: (node: string) => boolean;

  constructor(isLeader: (node: string) => boolean) {
    this.#isLeader = isLeader;
  }

  arm(trigger: Trigger, perform: () => void): void {
    this.#armed.add({ trigger, perform, left: trigger.nth });
  }

  /** Whoever still waits has waited in vain. */
  disarm(): void {
    this.#armed.clear();
  }

  happens(event: Trigger['event'], node: string, of?: string): void {
    for (const armed of this.#armed) {
      const { trigger } = armed;
      if (trigger.event !== event || (trigger.of !== undefined && trigger.of !== of)) continue;
      if (!this.#isMeant(trigger.node, node) || --armed.left > 0) continue;
      this.#armed.delete(armed);
      armed.perform();
    }
  }

  #isMeant(meant: string | undefined, node: string): boolean {
    if (meant === undefined || meant === node) return true;
    if (meant === 'leader') return this.#isLeader(node);
    return meant === 'follower' && !this.#isLeader(node);
  }
}
