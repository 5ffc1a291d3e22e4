import { CaissonError } from '@caisson/contracts';

/** Authentic, but written by a build that compresses before it seals. */
export function compressedUnreadable(): CaissonError {
  return new CaissonError('ENVELOPE_MALFORMED', {
    layer: 'storage',
    problem: 'compressed, which this build cannot read',
  });
}
