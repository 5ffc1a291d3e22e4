import { z } from 'zod';
import { HABITS } from '../cluster/habits.js';
import type { Draw, Family } from './family.js';

/** Clients take up a habit, or leave it. */
export const ClientFault = z.strictObject({
  kind: z.literal('clients'),
  habit: z.enum(HABITS),
  isOn: z.boolean(),
});
export type ClientFault = z.infer<typeof ClientFault>;

const IDS: Readonly<Record<ClientFault['habit'], string>> = {
  impatient: 'L1',
  hedging: 'L2',
  large: 'L3',
  empty: 'L3',
  scanning: 'L4',
  stubborn: 'L5',
};

export const clientFamily: Family<ClientFault> = {
  kinds: ['clients'],
  idOf: ({ habit }) => IDS[habit],
  isRelief: ({ isOn }) => !isOn,
  describe: ({ habit, isOn }) => `clients are ${isOn ? habit : `no longer ${habit}`}`,
  perform: ({ habit, isOn }, { habits }) => habits.set(habit, isOn),
};

export const CLIENTS: readonly Draw[] = HABITS.map((habit) => ({
  weight: 2,
  draw: (fate) => [{ kind: 'clients', habit, isOn: fate.integer(3) > 0 }],
}));
