import { SeededRandom } from '@caisson/compliance';
import { judgeHistory } from '@caisson/simulator';
import { Clients } from '../cluster/clients.js';
import { StormCluster } from '../cluster/cluster.js';
import { ENGINE, FORGETFUL_ENGINE } from '../cluster/engine.js';
import type { Machine } from '../cluster/machine.js';
import { Fate } from '../faults/fate.js';
import { Nemesis } from '../faults/nemesis.js';
import { type Plan, planOf, type Setting, type Step } from '../faults/plan.js';
import { differences, readReplica } from '../oracles/digest.js';
import { plantNamed } from '../plants/plants.js';
import type { TraceListener } from '../trace/trace.js';
import type { Verdict } from './verdict.js';

const VOTERS = 3;
const CLIENTS = 4;
const CALM_MS = 30_000;

export interface StormExtras {
  /** A planted bug, by name. */
  readonly plant?: string | undefined;
  readonly listener?: TraceListener | undefined;
}

/** Everything that happens follows from the seed: the faults are drawn from it, and come out as a plan. */
export async function runSeed(setting: Setting, extras: StormExtras = {}): Promise<Verdict> {
  return new Storm(planOf(setting), extras, true).run();
}

/** The same with the faults of the plan, and with its planted bug unless another one is named. */
export async function runPlan(plan: Plan, extras: StormExtras = {}): Promise<Verdict> {
  return new Storm(plan, { ...extras, plant: extras.plant ?? plan.plant }, false).run();
}

class Storm {
  readonly #plan: Plan;
  readonly #plant: string | undefined;
  readonly #cluster: StormCluster;
  readonly #clients: Clients;
  readonly #nemesis: Nemesis;
  /** Where faults come from that no plan names. */
  readonly #fate: Fate | undefined;
  readonly #steps: Step[] = [];
  readonly #running: Promise<void>[] = [];
  #clientsEnded = false;
  #begunAtMs = 0;

  constructor(plan: Plan, { listener, plant }: StormExtras, isDrawn: boolean) {
    const { hasShortLogs, isEncrypted, seed } = plan;
    const plants = plant === undefined ? {} : plantNamed(plant);
    const engine = hasShortLogs ? FORGETFUL_ENGINE : ENGINE;
    this.#plan = plan;
    this.#plant = plant;
    this.#cluster = new StormCluster({ seed, isEncrypted, plants, engine, listener });
    const isForgetful = plants.hasForgetfulClients === true;
    this.#clients = new Clients(this.#cluster, new SeededRandom(seed + 2), isForgetful);
    this.#nemesis = new Nemesis(this.#cluster);
    if (isDrawn) this.#fate = new Fate(this.#cluster, new SeededRandom(seed + 3));
  }

  async run(): Promise<Verdict> {
    const { findings } = this.#cluster;
    try {
      await this.#gather();
      await this.#rage();
      await this.#judge();
    } catch (error) {
      const isSlow = error instanceof RangeError;
      findings.add(isSlow ? 'L1' : 'L5', error instanceof Error ? (error.stack ?? error.message) : 'unknown');
    }
    this.#clients.isOver = true;
    this.#cluster.end();
    return this.#verdict();
  }

  /** A cluster of three, in calm. */
  async #gather(): Promise<void> {
    await this.#cluster.found();
    while (this.#cluster.machines.length < VOTERS) await this.#cluster.grow();
  }

  async #rage(): Promise<void> {
    this.#begunAtMs = this.#cluster.clock.monotonicMs();
    for (let at = 0; at < CLIENTS; at++) this.#running.push(this.#clients.run(`c${at}`));
    for await (const { atMs, fault } of this.#fate === undefined
      ? this.#planned()
      : this.#drawn(this.#fate)) {
      this.#steps.push({ atMs, fault });
      this.#nemesis.perform(fault);
    }
    await this.#passUntil(this.#plan.stormMs);
  }

  async *#planned(): AsyncGenerator<Step> {
    for (const step of this.#plan.steps.toSorted((a, b) => a.atMs - b.atMs)) {
      await this.#passUntil(step.atMs);
      yield step;
    }
  }

  async *#drawn(fate: Fate): AsyncGenerator<Step> {
    for (let atMs = fate.pauseMs(); atMs < this.#plan.stormMs; atMs += fate.pauseMs()) {
      await this.#passUntil(atMs);
      for (const fault of fate.draw()) yield { atMs, fault };
    }
  }

  /** Milliseconds from the beginning of the storm. */
  async #passUntil(ms: number): Promise<void> {
    const nowMs = this.#cluster.clock.monotonicMs() - this.#begunAtMs;
    await this.#cluster.passMs(Math.max(0, ms - nowMs));
  }

  async #judge(): Promise<void> {
    this.#nemesis.calm();
    const members = await this.#calmDown();
    this.#clients.isOver = true;
    await this.#cluster.must(10_000, 'clients come to an end', () => this.#clientsEnded);
    await this.#judgeReplicas(members);
    await this.#judgeHistories(members);
    this.#cluster.witness.judgeHoles();
    if (this.#clients.acknowledged === 0) this.#cluster.findings.add('H6', 'no write was acknowledged');
  }

  #verdict(): Verdict {
    const { findings, lanes, spy, trace, witness } = this.#cluster;
    const plan: Plan = { ...this.#plan, steps: this.#steps, traceHash: trace.hash };
    if (this.#plant !== undefined) plan.plant = this.#plant;
    return {
      seed: plan.seed,
      traceHash: trace.hash,
      plan,
      findings: findings.all,
      story: this.#nemesis.story,
      lanes: Object.fromEntries(lanes.changes),
      begunAtMs: this.#begunAtMs,
      effective: this.#nemesis.effective(),
      counts: {
        simulatedMs: this.#cluster.clock.monotonicMs(),
        events: trace.events,
        acknowledged: this.#clients.acknowledged,
        checked: [...this.#clients.histories.values()].flat().length,
        entries: witness.entries,
        terms: witness.terms,
        installs: witness.installs,
        seals: spy.seals,
        bytesScanned: spy.bytesScanned,
        nodes: this.#cluster.machines.length,
      },
    };
  }

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
    const { findings } = this.#cluster;
    const isEven = () => new Set(members.map(({ group }) => group.status().applied)).size === 1;
    await this.#cluster.must(CALM_MS, 'all members apply the same entries', isEven);
    const replicas = await this.#cluster.settled(Promise.all(members.map(readReplica)));
    const [first, ...others] = replicas;
    for (const other of others) {
      if (other.applied !== first!.applied) findings.add('T10', 'positions moved while replicas were read');
      for (const difference of differences(first!, other).slice(0, 5)) {
        findings.add('T10', `replicas differ: ${difference}`);
      }
    }
  }

  /** Every key is read once more through every member; then all that clients saw must make sense. */
  async #judgeHistories(members: readonly Machine[]): Promise<void> {
    const { findings } = this.#cluster;
    const { histories } = this.#clients;
    for (const key of histories.keys()) {
      for (const { name } of members) {
        const isRead = await this.#cluster.settled(this.#clients.read('last', key, name));
        if (!isRead) findings.add('L1', `${name} does not serve a read in calm`);
      }
    }
    for (const [key, history] of histories) {
      const judged = judgeHistory(history);
      if (judged.verdict === 'linearizable') continue;
      const story = 'story' in judged ? judged.story : '';
      findings.add('story' in judged ? 'T1' : 'H5', `${key} is ${judged.verdict}: ${story}`);
    }
  }
}
