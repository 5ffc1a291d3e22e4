import type { UntrustedStore, UntrustedStores } from '@caisson/contracts';
import type { Harness, Need } from '../case.js';

/** What the store kit works on. Getters may answer anew after `crash`. */
export interface StoreHarness extends Harness {
  readonly stores: UntrustedStores;
  /** Where the store called `name` lives: nothing at first, the same place on every call until `crash`. */
  directory(name: string): string;
  /**
   * Loses power: every open store is dead, and what was not synced may be lost. A process that is killed,
   * or a copy of the files taken while the store is open, is a weaker crash and good enough.
   */
  crash?(): Promise<void>;
  /** Flips at least one bit of what a closed store keeps about its pairs. */
  damage?(name: string): Promise<void>;
  /** Every file of the store called `name` as it is right now, open or not. */
  files?(name: string): Promise<readonly Uint8Array[]>;
}

export const DURABLE: Need<StoreHarness> = {
  id: 'durable',
  what: 'a store that keeps its content across close',
  isMet: ({ stores }) => stores.capabilities.durable,
};

export const SYNCED_CRASH: Need<StoreHarness> = {
  id: 'crash',
  what: 'synced writes, and a harness that can lose power',
  isMet: ({ stores, crash }) => stores.capabilities.syncedWrites && crash !== undefined,
};

export const FILES: Need<StoreHarness> = {
  id: 'files',
  what: 'a harness that reads the files of a store',
  isMet: ({ files }) => files !== undefined,
};

export const DAMAGE: Need<StoreHarness> = {
  id: 'damage',
  what: 'a store that detects damage, and a harness that can do some',
  isMet: ({ stores, damage }) => stores.capabilities.detectsDamage && damage !== undefined,
};

export function openStore(harness: StoreHarness, name = 'main'): Promise<UntrustedStore> {
  return harness.stores.open(harness.directory(name));
}
