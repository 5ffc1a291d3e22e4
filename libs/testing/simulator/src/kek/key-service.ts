import { invariant } from '@caisson/base';
import type { Clock, KekProvider, Random } from '@caisson/contracts';
import { SimulatedKek } from './simulated-kek.js';
import { TroubledKek } from './troubled-kek.js';

/**
 * What may be wrong between a node and the service that keeps its key-encryption key.
 *
 * `other-key`: it answers with a key of the same name that never wrapped anything of this cluster.
 * `other-bytes`: what it unwraps is not what was wrapped. `late`: it does what it is asked, and its answer
 * comes after whoever asked was told that it is out of reach.
 */
export type KeyTrouble =
  | 'out-of-reach'
  | 'throttled'
  | 'denied'
  | 'disabled'
  | 'other-key'
  | 'other-bytes'
  | 'late';

export interface KeyServiceOptions {
  readonly clock: Clock;
  /** What calls take is drawn from it. */
  readonly random: Random;
  /** The key itself, as its first version. */
  readonly key: KekProvider;
  /** What answers in its place under `other-key`. */
  readonly otherKey: KekProvider;
}

/** A service that keeps one key for all nodes of a cluster, in virtual time, with a mood for each node. */
export class KeyService {
  readonly clock: Clock;
  readonly otherKey: KekProvider;
  readonly #random: Random;
  readonly #versions: KekProvider[];
  readonly #troubles = new Map<string, KeyTrouble>();
  #latencyMs: readonly [from: number, below: number] = [0, 1];
  /** Calls that were answered with trouble. */
  refused = 0;

  constructor({ clock, random, key, otherKey }: KeyServiceOptions) {
    this.clock = clock;
    this.otherKey = otherKey;
    this.#random = random;
    this.#versions = [key];
  }

  /** The key as one node sees it. */
  clientOf(node: string): KekProvider {
    return new SimulatedKek(this, node);
  }

  /** Somebody's own provider as one node reaches it: whatever is wrong with this service is wrong with it. */
  around(own: KekProvider, node: string): KekProvider {
    return new TroubledKek(own, this, node);
  }

  get latest(): number {
    return this.#versions.length - 1;
  }

  version(number: number): KekProvider | undefined {
    return this.#versions[number];
  }

  /** From now on the key wraps with `key`, and still unwraps what any version wrapped. */
  rotate(key: KekProvider): void {
    invariant('SIM-2', this.#versions.length < 256, 'the version of a key fits a byte');
    this.#versions.push(key);
  }

  troubleOf(node: string): KeyTrouble | undefined {
    return this.#troubles.get(node);
  }

  /** For one node, until it is lifted. Answers whether it is news. */
  setTrouble(node: string, trouble: KeyTrouble | undefined): boolean {
    const isNews = this.#troubles.get(node) !== trouble;
    if (trouble === undefined) this.#troubles.delete(node);
    else this.#troubles.set(node, trouble);
    return isNews;
  }

  set latencyMs(latencyMs: readonly [from: number, below: number]) {
    this.#latencyMs = latencyMs;
  }

  drawLatencyMs(): number {
    const [from, below] = this.#latencyMs;
    return from + this.#random.integer(Math.max(below - from, 1));
  }

  /** Nothing is wrong any more, for anybody. */
  calm(): void {
    this.#troubles.clear();
    this.#latencyMs = [0, 1];
  }
}
