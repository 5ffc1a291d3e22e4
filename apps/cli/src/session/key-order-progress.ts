import type { KeyProgress } from '@caisson/client';
import type { Output } from './output.js';

const SAYS: Record<KeyProgress['step'], string> = {
  asking: 'asking every member to prove that it holds the KEK',
  bootstrapping: 'making the first keys',
  rotating: 'letting a new key take over',
  rewrapping: 'wrapping every key anew',
  holding: 'holding writes back until the log has turned',
  enabling: 'sealing from here on',
  scrubbing: 'freeing the files of every member from what was clear or replaced',
  counting: 'every member counts what it has under the key',
  suspending: 'suspending the key',
  resuming: 'bringing the key back',
  retiring: 'giving the key up for good',
  erasing: 'members erase the bytes of the key',
  sealing: 'refusing whatever is clear from here on',
  registering: 'registering the member',
  done: 'in force',
};

const STAGES: Record<NonNullable<KeyProgress['scrubs']>[number]['stage'], string> = {
  waiting: 'waits',
  log: 'frees its log',
  store: 'frees its store',
  done: 'is done',
  failed: 'DID NOT GET THERE',
};

export interface OrderedKeys {
  readonly groups: readonly number[];
  /** Members that proved themselves, or counted what they have. */
  readonly members: readonly string[];
  /** Key that is active now, where the order was about one. */
  readonly keyId?: number;
  /** What would be done, in the words of the steps. */
  readonly planned: readonly string[];
  /** What stood in the way when it was counted last. */
  readonly blockers: NonNullable<KeyProgress['blockers']>;
}

/** Tells people the steps of an order about keys, and keeps what it came to. */
export class KeyOrderProgress {
  readonly #groups = new Set<number>();
  readonly #members = new Set<string>();
  readonly #planned: string[] = [];
  #keyId: number | undefined;
  /** By step and group: an end that is waited for says it anew each time. */
  readonly #blockers = new Map<string, NonNullable<KeyProgress['blockers']>>();
  #said = '';

  constructor(private readonly output: Output) {}

  async follow(steps: AsyncIterable<KeyProgress>): Promise<OrderedKeys> {
    for await (const step of steps) this.#onStep(step);
    const keyId = this.#keyId;
    return {
      groups: [...this.#groups],
      members: [...this.#members].sort(),
      ...(keyId !== undefined && { keyId }),
      planned: this.#planned,
      blockers: [...this.#blockers.values()].flat(),
    };
  }

  #onStep({
    group,
    step,
    members = [],
    keyId,
    planned = false,
    scrubs = [],
    blockers = [],
  }: KeyProgress): void {
    this.#groups.add(group);
    if (step === 'counting' || step === 'erasing') this.#blockers.set(`${step} ${group}`, blockers);
    const stages = scrubs.map(({ name, stage }) => `${name} ${STAGES[stage]}`).sort();
    if (stages.length > 0) return this.#say(`group ${group}: ${stages.join(', ')}`);
    for (const name of members) this.#members.add(name);
    if (keyId !== undefined) this.#keyId = keyId;
    const proved = step === 'asking' ? [...members].sort().join(', ') : '';
    if (proved !== '') return this.#say(`group ${group}: ${proved} hold the KEK`);
    const looks = step === 'asking' || step === 'counting';
    const isPlan = planned && !looks && step !== 'done';
    if (isPlan) this.#planned.push(`group ${group}: ${SAYS[step]}`);
    if (!planned || looks) this.#say(`group ${group}: ${SAYS[step]}`);
    else if (isPlan) this.#say(`group ${group}: would go on with ${SAYS[step]}`);
  }

  #say(line: string): void {
    if (this.output.json || line === this.#said) return;
    this.#said = line;
    this.output.notes(`${line}\n`);
  }
}
