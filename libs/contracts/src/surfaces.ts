import { list } from './token.js';

/** What a caller may do. `operator` includes `writer`, which includes `reader`; `node` is for peers alone. */
export type Role = 'reader' | 'writer' | 'operator' | 'node';

/** A client API, listening between its start and its stop. */
export interface Gateway {
  readonly name: string;
  /** Where clients reach it, once started: `host:port`, with the port actually bound. */
  readonly addresses: readonly string[];
}

export const Gateway = list<Gateway>('Gateway');

/** An operator API: health, metrics, commands. Never carries user data. */
export interface AdminSurface {
  readonly name: string;
  readonly addresses: readonly string[];
}

export const AdminSurface = list<AdminSurface>('AdminSurface');
