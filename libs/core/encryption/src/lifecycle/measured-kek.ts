import type { Clock, KekProvider, Meter } from '@caisson/contracts';

const SECONDS = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 30];

/** The providers, with the time that each unwrapping takes recorded, whether or not it succeeds. */
export function measureKeks(
  keks: readonly KekProvider[],
  clock: Pick<Clock, 'monotonicMs'>,
  meter: Meter | undefined,
): readonly KekProvider[] {
  if (meter === undefined) return keks;
  const histogram = meter.histogram({
    name: 'encryption_kek_unwrap_seconds',
    help: 'Time that a KEK provider took to unwrap a data key, or to fail at it.',
    labels: ['provider'],
    buckets: SECONDS,
  });
  return keks.map(
    (kek): KekProvider => ({
      describe: () => kek.describe(),
      wrap: (dek, context, signal) => kek.wrap(dek, context, signal),
      rewrap: (blob, context, signal) => kek.rewrap(blob, context, signal),
      probe: (signal) => kek.probe(signal),
      async unwrap(blob, context, signal) {
        const { provider } = await kek.describe();
        const startedMs = clock.monotonicMs();
        try {
          return await kek.unwrap(blob, context, signal);
        } finally {
          histogram.record((clock.monotonicMs() - startedMs) / 1000, { provider });
        }
      },
    }),
  );
}
