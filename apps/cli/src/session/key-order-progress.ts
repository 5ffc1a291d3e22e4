import type { KeyProgress } from '@caisson/client';
import type { Output } from './output.js';

const SAYS: Record<KeyProgress['step'], string> = {
  asking: 'asking every member to prove that it holds the KEK',
  bootstrapping: 'making the first keys',
  rotating: 'letting a new key take over',
  rewrapping: 'wrapping every key anew',
  holding: 'holding writes back until the log has turned',
  enabling: 'sealing from here on',
  sealing: 'refusing whatever is clear from here on',
  done: 'in force',
};

export interface OrderedKeys {
  readonly groups: readonly number[];
  /** Members that proved themselves. */
  readonly members: readonly string[];
  /** Key that is active now, where the order was about one. */
  readonly keyId?: number;
  /** What would be done, in the words of the steps. */
  readonly planned: readonly string[];
}

/** Tells people the steps of an order about keys, and keeps what it came to. */
export class KeyOrderProgress {
  readonly #groups = new Set<number>();
  readonly #members = new Set<string>();
  readonly #planned: string[] = [];
  #keyId: number | undefined;
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
    };
  }

  #onStep({ group, step, members = [], keyId, planned = false }: KeyProgress): void {
    this.#groups.add(group);
    for (const name of members) this.#members.add(name);
    if (keyId !== undefined) this.#keyId = keyId;
    const proved = [...members].sort().join(', ');
    if (proved !== '') return this.#say(`group ${group}: ${proved} hold the KEK`);
    const isPlan = planned && step !== 'asking' && step !== 'done';
    if (isPlan) this.#planned.push(`group ${group}: ${SAYS[step]}`);
    if (!planned || step === 'asking') this.#say(`group ${group}: ${SAYS[step]}`);
    else if (isPlan) this.#say(`group ${group}: would go on with ${SAYS[step]}`);
  }

  #say(line: string): void {
    if (this.output.json || line === this.#said) return;
    this.#said = line;
    this.output.notes(`${line}\n`);
  }
}
