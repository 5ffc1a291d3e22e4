import { judge, type Outcome } from './judge.js';
import { inputOf } from './mutate.js';
import type { Subject } from './subject.js';

export interface Failure {
  readonly subject: string;
  readonly number: number;
  readonly input: Uint8Array;
  readonly failure: string;
}

export interface Tally {
  readonly subject: string;
  readonly inputs: number;
  readonly decoded: number;
  readonly failed: number;
}

export interface CampaignOptions {
  readonly subjects: readonly Subject[];
  /** Over all subjects together; each gets its share. */
  readonly inputs: number;
  readonly seed: number;
  /** Called now and then with how far it is. */
  readonly onProgress?: (done: number) => void;
  readonly onFailure?: (failure: Failure) => void;
}

/** A decoder that fails often is known after a few; the others are tried on. */
const FAILURES_MAX = 5;
const PROGRESS_EVERY = 1000;

/** Gives every decoder its share of hostile inputs. */
export function campaign(options: CampaignOptions): readonly Tally[] {
  const { subjects, inputs } = options;
  let done = 0;
  return subjects.map((subject, at) => {
    const share = Math.floor(inputs / subjects.length) + (at < inputs % subjects.length ? 1 : 0);
    const tally = tryOne(subject, share, options, done);
    done += tally.inputs;
    return tally;
  });
}

function tryOne(subject: Subject, inputs: number, options: CampaignOptions, before: number): Tally {
  const { seed, onFailure, onProgress } = options;
  const counts: Record<Outcome, number> = { decoded: 0, refused: 0 };
  let failed = 0;
  let number = 0;
  for (; number < inputs && failed < FAILURES_MAX; number++) {
    const input = inputOf(seed, subject, number);
    const judgement = judge(subject, input);
    if ('outcome' in judgement) counts[judgement.outcome]++;
    else {
      failed++;
      onFailure?.({ subject: subject.name, number, input, failure: judgement.failure });
    }
    if ((before + number) % PROGRESS_EVERY === 0) onProgress?.(before + number);
  }
  return { subject: subject.name, inputs: number, decoded: counts.decoded, failed };
}
