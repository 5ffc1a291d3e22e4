import type { ApplyOutcome } from '@caisson/contracts';
import { type BootstrapWire2, decodeBootstrap, encodeBootstrap } from '@caisson/formats';
import { bootstrapPayload } from '../src/index.js';
import type { Running } from './world.js';

export const APPLIED = expect.objectContaining({ kind: 'applied' });
export const CONSUMED = { kind: 'applied', result: new Uint8Array(0) };

export function refusedWith(code: string): unknown {
  return { kind: 'refused', error: expect.objectContaining({ code }) };
}

export function propose({ engine }: Running, payload: Uint8Array): Promise<ApplyOutcome> {
  return engine.propose(payload, 'system');
}

/** A bootstrap as this node would propose it, with changes. */
export async function bootstrap(
  running: Running,
  change: (entry: BootstrapWire2) => Partial<BootstrapWire2> = () => ({}),
): Promise<Uint8Array> {
  const entry = decodeBootstrap(await bootstrapPayload(running.node, running.session)) as BootstrapWire2;
  return encodeBootstrap({ ...entry, ...change(entry) });
}
