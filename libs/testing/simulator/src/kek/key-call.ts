import { CaissonError, type ErrorCode } from '@caisson/contracts';
import type { KeyService, KeyTrouble } from './key-service.js';

const LATE_MS = 3_000;

const REFUSALS: Readonly<Partial<Record<KeyTrouble, ErrorCode>>> = {
  'out-of-reach': 'KEK_UNREACHABLE',
  throttled: 'KEK_THROTTLED',
  denied: 'KEK_DENIED',
  disabled: 'KEK_DISABLED',
};

/** Who asks, and until when. */
export interface KeyCaller {
  readonly node: string;
  readonly signal: AbortSignal | undefined;
}

/** One call to a key, on its way and back; what is wrong when it arrives decides what becomes of it. */
export async function callKey<T>(
  service: KeyService,
  { node, signal }: KeyCaller,
  work: (trouble: KeyTrouble | undefined) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const { clock } = service;
  const latencyMs = service.drawLatencyMs();
  if (latencyMs > 0) await clock.sleep(latencyMs, signal);
  const trouble = service.troubleOf(node);
  if (trouble !== undefined) service.refused++;
  const refusal = trouble && REFUSALS[trouble];
  if (refusal !== undefined) throw new CaissonError(refusal, { provider: 'simulated' });
  const result = await work(trouble);
  if (trouble !== 'late') return result;
  await clock.sleep(LATE_MS, signal);
  throw new CaissonError('KEK_UNREACHABLE', { provider: 'simulated', problem: 'the answer came late' });
}
