import { SeededRandom } from '@caisson/compliance';
import { CALM, judgeHistory } from '@caisson/simulator';
import { Clients } from './clients.js';
import { type ClusterOptions, StormCluster } from './cluster.js';
import { differences, readReplica } from './digest.js';
import { ENGINE, FORGETFUL_ENGINE } from './engine.js';
import type { Machine } from './machine.js';
import { Nemesis } from './nemesis.js';
import type { Plants } from './plants.js';

export interface Verdict {
  readonly seed: number;
  /** What is wrong; nothing, if all is well. */
  readonly violations: readonly string[];
  readonly story: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
}

export interface StormOptions {
  readonly seed: number;
  /** Default: every other seed. */
  readonly isEncrypted?: boolean;
  /** How long things go wrong. */
  readonly stormMs?: number;
  readonly plants?: Plants;
}

const VOTERS = 3;
const CLIENTS = 4;
const CALM_MS = 30_000;

/** Everything that happens follows from the seed. */
export async function runStorm(options: StormOptions): Promise<Verdict> {
  const { seed, isEncrypted = seed % 2 === 0, plants = {}, stormMs = 8000 } = options;
  const storm = new Storm({ seed, isEncrypted, plants, engine: seed % 4 < 2 ? ENGINE : FORGETFUL_ENGINE });
  try {
    await storm.gather();
    await storm.rage(stormMs);
    await storm.judge();
  } catch (error) {
    storm.violations.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  storm.end();
  return storm.verdict();
}

class Storm {
  readonly violations: string[] = [];
  readonly #seed: number;
  readonly #cluster: StormCluster;
  readonly #clients: Clients;
  readonly #nemesis: Nemesis;
  readonly #random: SeededRandom;
  readonly #running: Promise<void>[] = [];

  constructor(options: ClusterOptions) {
    const { plants, seed } = options;
    this.#seed = seed;
    this.#random = new SeededRandom(seed);
    this.#cluster = new StormCluster(options);
    const isForgetful = plants.hasForgetfulClients === true;
    this.#clients = new Clients(this.#cluster, new SeededRandom(seed + 2), isForgetful);
    this.#nemesis = new Nemesis(this.#cluster, new SeededRandom(seed + 3));
  }

  /** A cluster of three, in calm. */
  async gather(): Promise<void> {
    await this.#cluster.found();
    while (this.#cluster.machines.length < VOTERS) await this.#cluster.grow();
  }

  async rage(stormMs: number): Promise<void> {
    for (let at = 0; at < CLIENTS; at++) this.#running.push(this.#clients.run(`c${at}`));
    const cluster = this.#cluster;
    const end = cluster.clock.monotonicMs() + stormMs;
    while (cluster.clock.monotonicMs() < end) {
      await cluster.passMs(50 + this.#random.integer(400));
      this.#nemesis.act();
    }
  }

  async judge(): Promise<void> {
    const cluster = this.#cluster;
    cluster.network.weather = CALM;
    cluster.network.healAll();
    for (const { process } of cluster.machines) process?.life.endAt(Infinity, 'before');
    const members = await this.#calmDown();
    this.#clients.isOver = true;
    await this.#cluster.must(10_000, 'clients come to an end', () => this.#clientsEnded);
    await this.#judgeReplicas(members);
    await this.#judgeHistories(members);
    cluster.witness.judgeHoles();
  }

  end(): void {
    this.#clients.isOver = true;
    this.#cluster.end();
  }

  verdict(): Verdict {
    const { machines, spy, witness } = this.#cluster;
    const { acknowledged, histories, surprises } = this.#clients;
    const complaints = machines.flatMap((machine) => machine.complaints);
    const reads = [...histories.values()].flat().filter(({ action }) => action.kind === 'read').length;
    return {
      seed: this.#seed,
      violations: [
        ...this.violations,
        ...witness.violations,
        ...spy.violations,
        ...surprises,
        ...this.#nemesis.surprises,
        ...complaints,
      ],
      story: this.#nemesis.story,
      counts: {
        acknowledged,
        reads,
        entries: witness.entries,
        terms: witness.terms,
        installs: witness.installs,
        seals: spy.seals,
        nodes: machines.length,
      },
    };
  }

  #clientsEnded = false;

  /** Nothing is wrong any more: members run, the others do not, and everybody catches up. */
  async #calmDown(): Promise<readonly Machine[]> {
    const cluster = this.#cluster;
    void Promise.all(this.#running).then(() => (this.#clientsEnded = true));
    let members: readonly Machine[] = [];
    const isCalm = () => {
      for (const machine of cluster.machines) if (machine.process === undefined) this.#nemesis.start(machine);
      const status = cluster.leader?.group.status();
      if (status === undefined || this.#nemesis.isWaiting) return false;
      members = cluster.machines.filter(({ name }) => status.members.some((each) => each.name === name));
      return members.every(({ isUp }) => isUp) && members.length === status.members.length;
    };
    await this.#cluster.must(CALM_MS, 'a leader and all members serve', isCalm);
    const { acknowledged } = this.#clients;
    const isServing = () => this.#clients.acknowledged > acknowledged + 10;
    await this.#cluster.must(CALM_MS, 'clients write again', isServing);
    return members;
  }

  async #judgeReplicas(members: readonly Machine[]): Promise<void> {
    const isEven = () => new Set(members.map(({ group }) => group.status().applied)).size === 1;
    await this.#cluster.must(CALM_MS, 'all members apply the same entries', isEven);
    const replicas = await this.#cluster.settled(Promise.all(members.map(readReplica)));
    const [first, ...others] = replicas;
    for (const other of others) {
      if (other.applied !== first!.applied) this.violations.push('positions moved while replicas were read');
      for (const difference of differences(first!, other).slice(0, 5)) {
        this.violations.push(`replicas differ: ${difference}`);
      }
    }
  }

  /** Every key is read once more through every member; then all that clients saw must make sense. */
  async #judgeHistories(members: readonly Machine[]): Promise<void> {
    const { histories } = this.#clients;
    for (const key of histories.keys()) {
      for (const { name } of members) {
        const isRead = await this.#cluster.settled(this.#clients.read('last', key, name));
        if (!isRead) this.violations.push(`${name} does not serve a read in calm`);
      }
    }
    for (const [key, history] of histories) {
      const judged = judgeHistory(history);
      if (judged.verdict === 'linearizable') continue;
      const story = 'story' in judged ? judged.story : '';
      this.violations.push(`${key} is ${judged.verdict}: ${story}`);
    }
  }
}
