import type { ClusterProgress } from '@caisson/client';
import type { Output } from './output.js';
import { Progress } from './progress.js';

const SAYS: Record<ClusterProgress['step'], string> = {
  asking: 'asking the node who it is and what it can do',
  registering: 'registering the node as a writer under the cluster’s keys',
  adding: 'adding it as a learner',
  'catching-up': 'catching up',
  promoting: 'making it a voter',
  transferring: 'handing leadership over',
  removing: 'taking it out of the members',
  done: 'done',
};

/**
 * Tells people the steps of an order, and how fast a node catches up. An order that goes on elsewhere tells
 * steps again; a step in force already passes at once.
 */
export class OrderProgress {
  #bar: Progress | undefined;
  #matched = 0;
  #said = '';
  readonly #groups = new Set<number>();

  constructor(
    private readonly output: Output,
    private readonly now: () => number,
  ) {}

  /** Follows an order to its end and answers the groups it was carried out in. */
  async follow(steps: AsyncIterable<ClusterProgress>): Promise<readonly number[]> {
    try {
      for await (const step of steps) this.#onStep(step);
    } finally {
      this.#bar?.stop();
    }
    return [...this.#groups];
  }

  #onStep({ group, step, matched, goal }: ClusterProgress): void {
    this.#groups.add(group);
    if (step === 'catching-up' && matched !== undefined && goal !== undefined) {
      this.#say(group, step);
      return this.#catchUp(matched, goal);
    }
    this.#bar?.finish(this.#matched);
    this.#bar = undefined;
    this.#say(group, step);
  }

  #catchUp(matched: number, goal: number): void {
    this.#matched = matched;
    if (this.#bar) return this.#bar.update(matched, goal);
    this.#bar = new Progress(this.output, { unit: 'entries', total: goal, now: this.now });
    this.#bar.startAt(matched);
    this.#bar.update(matched, goal);
  }

  #say(group: number, step: ClusterProgress['step']): void {
    const line = `group ${group}: ${SAYS[step]}\n`;
    if (this.output.json || line === this.#said) return;
    this.#said = line;
    this.output.notes(line);
  }
}
