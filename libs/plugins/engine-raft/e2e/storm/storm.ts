import { SeededRandom } from '@caisson/compliance';
import { CALM, judgeHistory } from '@caisson/simulator';
import { Clients } from './clients.js';
import { StormCluster } from './cluster.js';
import { differences, readReplica } from './digest.js';
import type { Machine } from './machine.js';
import { Nemesis } from './nemesis.js';

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
}

const VOTERS = 3;
const CLIENTS = 4;
const CALM_MS = 30_000;

const ENGINE = {
  ticks: { ms: 20, election: 10, heartbeat: 1 },
  waits: { readMs: 500, handoverMs: 300, snapshotMs: 5000 },
};

/** Everything that happens follows from the seed. */
export async function runStorm(options: StormOptions): Promise<Verdict> {
  const { seed, isEncrypted = seed % 2 === 0, stormMs = 8000 } = options;
  const storm = new Storm(seed, isEncrypted);
  try {
    await storm.gather();
    await storm.rage(stormMs);
    await storm.judge();
  } catch (error) {
    storm.violations.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  await storm.end();
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

  constructor(seed: number, isEncrypted: boolean) {
    this.#seed = seed;
    this.#random = new SeededRandom(seed);
    const compaction = {};
    this.#cluster = new StormCluster({ seed, isEncrypted, engine: { ...ENGINE, compaction } });
    this.#clients = new Clients(this.#cluster, new SeededRandom(seed + 2));
    this.#nemesis = new Nemesis(this.#cluster, new SeededRandom(seed + 3));
  }

  /** A cluster of three, in calm. */
  async gather(): Promise<void> {
    const cluster = this.#cluster;
    const founder = cluster.addMachine();
    await cluster.settled(founder.start());
    await this.#must(5000, 'the founder leads', () => founder.group.status().leads);
    while (cluster.machines.length < VOTERS) {
      const { name } = cluster.addMachine();
      const machine = cluster.machines.at(-1)!;
      this.#nemesis.addLearner(founder, machine);
      const isCaughtUp = () =>
        machine.isUp && machine.group.status().applied >= founder.group.status().applied;
      const isLearner = () => founder.group.status().members.some((member) => member.name === name);
      await this.#must(
        5000,
        `${name} follows`,
        () => !this.#nemesis.isWaiting && isLearner() && isCaughtUp(),
      );
      await cluster.settled(promote(founder, name));
    }
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
    await this.#must(10_000, 'clients come to an end', () => this.#clientsEnded);
    await this.#judgeReplicas(members);
    await this.#judgeHistories(members);
    cluster.witness.judgeHoles();
  }

  async end(): Promise<void> {
    this.#clients.isOver = true;
    for (const machine of this.#cluster.machines) machine.process?.life.end();
  }

  verdict(): Verdict {
    const { machines, witness } = this.#cluster;
    const { acknowledged, histories, surprises } = this.#clients;
    const complaints = machines.flatMap((machine) => machine.complaints);
    const reads = [...histories.values()].flat().filter(({ action }) => action.kind === 'read').length;
    return {
      seed: this.#seed,
      violations: [
        ...this.violations,
        ...witness.violations,
        ...surprises,
        ...this.#nemesis.surprises,
        ...complaints,
      ],
      story: this.#nemesis.story,
      counts: { acknowledged, reads, entries: witness.entries, terms: witness.terms, nodes: machines.length },
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
    await this.#must(CALM_MS, 'a leader and all members serve', isCalm);
    const { acknowledged } = this.#clients;
    const isServing = () => this.#clients.acknowledged > acknowledged + 10;
    await this.#must(CALM_MS, 'clients write again', isServing);
    return members;
  }

  async #judgeReplicas(members: readonly Machine[]): Promise<void> {
    const isEven = () => new Set(members.map(({ group }) => group.status().applied)).size === 1;
    await this.#must(CALM_MS, 'all members apply the same entries', isEven);
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

  async #must(ms: number, what: string, isTrue: () => boolean): Promise<void> {
    if (await this.#cluster.within(ms, isTrue)) return;
    const standings = this.#cluster.up.map(({ group, name }) => {
      const { applied, durable, leader, leadership, members } = group.status();
      const parts = members.map((member) => `${member.name} ${member.role}`).join(', ');
      return `${name}: applied ${applied}, durable ${durable}, term ${leadership} of ${leader} (${parts})`;
    });
    throw new RangeError(`not within ${ms} ms: ${what}\n${standings.join('\n')}`);
  }
}

async function promote(founder: Machine, name: string): Promise<void> {
  const engine = founder.engine;
  await engine.changeMembership(1, { kind: 'promote', name });
}
