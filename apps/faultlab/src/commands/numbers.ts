import { InvalidArgumentError } from 'commander';
import { type Profile, PROFILES } from '../faults/plan.js';
import { PLANTS } from '../plants/plants.js';

const SECONDS_MAX = 3600;

/** A whole number, none below zero. */
export function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It is not a whole number.');
  return Number(text);
}

export function positive(text: string): number {
  const value = whole(text);
  if (value === 0) throw new InvalidArgumentError('It must be at least 1.');
  return value;
}

/** Milliseconds, of seconds. */
export function seconds(text: string): number {
  const value = Number(text);
  if (!(value >= 0.1 && value <= SECONDS_MAX)) throw new InvalidArgumentError('0.1 to 3600 seconds.');
  return Math.round(value * 1000);
}

export function plantName(text: string): string {
  if (text in PLANTS) return text;
  throw new InvalidArgumentError(`There are ${Object.keys(PLANTS).join(', ')}.`);
}

export function profileName(text: string): Profile {
  const known = PROFILES.find((name) => name === text);
  if (known !== undefined) return known;
  throw new InvalidArgumentError(`There are ${PROFILES.join(', ')}.`);
}
