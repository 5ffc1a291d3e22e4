import { SeededRandom } from '@caisson/compliance';
import { Clients } from '../cluster/clients.js';
import { EnoughSeen, StormCluster } from '../cluster/cluster.js';
import { configOf } from '../cluster/engine.js';
import { KvHabits } from '../cluster/habits.js';
import type { Machine } from '../cluster/machine.js';
import { drawsOf } from '../faults/draws.js';
import { Fate } from '../faults/fate.js';
import { isRelief } from '../faults/fault.js';
import { forgetGenerations } from '../kernel/generations.js';
import { Nemesis } from '../faults/nemesis.js';
import { type Plan, planOf, type Setting, type Step, USUAL_MOOD } from '../faults/plan.js';
import { TextLedger } from '../ledger/seal-ledger.js';
import type { OwnPlugins } from '../composition/own-plugins.js';
import { Diary } from '../oracles/diary.js';
import type { RuleId } from '../oracles/rules.js';
import { judgeRefusals, judgeTruth } from '../oracles/truth.js';
import { plantNamed } from '../plants/plants.js';
import { finished } from '../trace/finished-record.js';
import { actingAs, forgetActors, Recorder } from '../trace/recorder.js';
import { heardBy, type TraceListener } from '../trace/trace.js';
import { Judgement } from './judgement.js';
import { faultCount, type Verdict } from './verdict.js';

const VOTERS = 3;
const CLIENTS = 4;
const CALM_MS = 30_000;
const REVIVAL_MS = 250;
const BEYOND_MS = 3_000;
/** A storm shows nothing with less: writes for each second of it, and faults that had an effect. */
const ACKNOWLEDGED_PER_SECOND_MIN = 2;
/** Where disks hang and fill up beside everything else. */
const ON_BAD_DISKS_MIN = 1;
const FAULTS_MIN = 3;
const CHANGES_MEMBERS = /^(addLearner|promote|remove|wipe|amid)$/;

export interface StormExtras {
  /** A planted bug, by name. */
  readonly plant?: string | undefined;
  readonly listener?: TraceListener | undefined;
  /** Plugins of somebody else, in place of what the simulation gives. */
  readonly plugins?: OwnPlugins | undefined;
  /** Whether findings name the process whose work it was, at the cost of speed. */
  readonly isAttributed?: boolean | undefined;
  /** Whether to write down what a timeline shows, at the cost of speed and memory; the trace is the same. */
  readonly isRecorded?: boolean | undefined;
  /** The storm ends as soon as one of these is broken. */
  readonly until?: readonly RuleId[] | undefined;
  /** It ends there, too: some bugs make members talk to each other for ever. */
  readonly eventsMax?: number | undefined;
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
  readonly #diary = new Diary();
  readonly #nemesis: Nemesis;
  /** Where faults come from that no plan names. */
  readonly #fate: Fate | undefined;
  readonly #steps: Step[] = [];
  readonly #running: Promise<void>[] = [];
  readonly #revivedAtMs = new Map<Machine, number>();
  readonly #recorder: Recorder | undefined;
  #clientsEnded = false;
  #begunAtMs = 0;

  constructor(plan: Plan, extras: StormExtras, isDrawn: boolean) {
    const { eventsMax = Infinity, isRecorded = false, plant, plugins, until } = extras;
    if (isRecorded) this.#recorder = new Recorder();
    const { isEncrypted, seed, shape = {} } = plan;
    const plants = plant === undefined ? {} : plantNamed(plant);
    const { envelopeVersion, epochMax, isBornClear } = shape;
    const own = {
      isAttributed: extras.isAttributed === true || isRecorded,
      plugins,
      recorder: this.#recorder,
      ...(this.#recorder && { ledger: this.#recorder.ledger(new TextLedger()) }),
      listener: heardBy(extras.listener, this.#recorder?.listener),
      isBornClear,
      epochMax,
      ...(envelopeVersion !== undefined && { envelopeVersion }),
    };
    this.#plan = plan;
    this.#plant = plant;
    this.#cluster = new StormCluster({ ...configOf(plan), ...own, seed, isEncrypted, plants });
    this.#cluster.eventsMax = eventsMax;
    if (until !== undefined) this.#cluster.findings.enough = new Set(until);
    const habits = new KvHabits();
    this.#clients = new Clients({
      cluster: this.#cluster,
      random: new SeededRandom(seed + 2),
      habits,
      diary: this.#diary,
      isForgetful: plants.hasForgetfulClients === true,
      repeatMsMax: shape.retentionMs === undefined ? undefined : shape.retentionMs >> 2,
      pauseMs: shape.pauseMs,
    });
    this.#nemesis = new Nemesis(this.#cluster, habits);
    if (isDrawn) this.#fate = this.#fateOf(plan);
  }

  async run(): Promise<Verdict> {
    const { findings } = this.#cluster;
    try {
      await this.#gather();
      await this.#rage();
      await this.#judge();
    } catch (error) {
      if (!(error instanceof EnoughSeen)) this.#fell(error);
    }
    this.#clients.isOver = true;
    if (await this.#clientsEnd()) {
      judgeTruth(this.#clients, findings);
      judgeRefusals(this.#diary, findings);
    }
    this.#cluster.end();
    forgetActors();
    forgetGenerations();
    if (!this.#cluster.isOver) this.#judgeEffect();
    return this.#verdict();
  }

  /** Whether all clients come to an end; a storm that has shown enough does not wait for them. */
  async #clientsEnd(): Promise<boolean> {
    try {
      return await this.#cluster.within(5000, () => this.#clientsEnded);
    } catch (error) {
      if (error instanceof EnoughSeen) return false;
      throw error;
    }
  }

  /** It came to no end: something did not happen in time, or the program failed. */
  #fell(error: unknown): void {
    const isSlow = error instanceof RangeError;
    const text = error instanceof Error ? (error.stack ?? error.message) : 'unknown';
    this.#cluster.findings.add(isSlow ? 'L1' : 'L5', text);
  }

  #fateOf({ mood = USUAL_MOOD, seed }: Plan): Fate {
    const { families, hasTriggers, meanPauseMs } = mood;
    const random = new SeededRandom(seed + 3);
    return new Fate({ cluster: this.#cluster, random, draws: drawsOf(families), hasTriggers, meanPauseMs });
  }

  /** A cluster, in calm. */
  async #gather(): Promise<void> {
    const { voters = VOTERS } = this.#plan.shape ?? {};
    await this.#cluster.found();
    while (this.#cluster.machines.length < voters) await this.#cluster.grow();
  }

  async #rage(): Promise<void> {
    this.#begunAtMs = this.#cluster.clock.monotonicMs();
    const { clients = CLIENTS } = this.#plan.shape ?? {};
    for (let at = 0; at < clients; at++) this.#running.push(this.#client(`c${at}`));
    void Promise.all(this.#running).then(() => (this.#clientsEnded = true));
    for await (const step of this.#fate === undefined ? this.#planned() : this.#drawn(this.#fate)) {
      this.#steps.push(step);
      this.#nemesis.perform(step.fault, step.when);
    }
    await this.#passUntil(this.#plan.stormMs);
  }

  /** Only a recorder asks whose call it is, and to know it costs a third of the speed. */
  #client(name: string): Promise<void> {
    const run = () => this.#clients.run(name);
    return this.#recorder === undefined ? run() : actingAs(name, run);
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
      for (const fault of fate.draw()) {
        const when = fate.trigger(isRelief(fault));
        yield { atMs, ...(when !== undefined && { when }), fault };
      }
    }
  }

  /** Milliseconds from the beginning of the storm. */
  async #passUntil(ms: number): Promise<void> {
    const nowMs = this.#cluster.clock.monotonicMs() - this.#begunAtMs;
    await this.#cluster.passMs(Math.max(0, ms - nowMs));
  }

  async #judge(): Promise<void> {
    await this.#quiesceCore();
    this.#nemesis.calm();
    const members = await this.#calmDown();
    this.#clients.isOver = true;
    await this.#cluster.must(10_000, 'clients come to an end', () => this.#clientsEnded);
    await new Judgement({ cluster: this.#cluster, clients: this.#clients, diary: this.#diary }).pass(members);
  }

  /** Whether there was anything to see: writes, faults, and what a scenario is about. */
  #judgeEffect(): void {
    const { findings } = this.#cluster;
    const { expect, forbid, mood = USUAL_MOOD, steps, stormMs } = this.#plan;
    const perSecond = mood.families.includes('disks') ? ON_BAD_DISKS_MIN : ACKNOWLEDGED_PER_SECOND_MIN;
    const wanted = Math.max(1, Math.floor((stormMs / 1000) * perSecond));
    findings.saw('H6');
    if (this.#fate === undefined) {
      if (this.#clients.acknowledged === 0) findings.add('H6', 'no write was acknowledged');
    } else if (this.#clients.acknowledged < Math.min(30, wanted)) {
      findings.add('H6', `${this.#clients.acknowledged} writes were acknowledged`);
    }
    const isMeantToRage = this.#fate !== undefined && mood.families.length > 1 && stormMs >= 5000;
    const faults = faultCount(this.#nemesis.effective());
    if (isMeantToRage && steps.length > 0 && faults < FAULTS_MIN)
      findings.add('H6', `${faults} faults had an effect`);
    for (const pattern of expect ?? []) this.#judgeStory(pattern, true);
    for (const pattern of forbid ?? []) this.#judgeStory(pattern, false);
  }

  #judgeStory(pattern: string, isWanted: boolean): void {
    const { findings } = this.#cluster;
    findings.saw('H8');
    const isTold = this.#nemesis.story.some(({ text }) => new RegExp(pattern).test(text));
    if (isTold === isWanted) return;
    findings.add('H8', isTold ? `the story tells of ${pattern}` : `nothing in the story is like ${pattern}`);
  }

  #verdict(): Verdict {
    const { ears, findings, lanes, spy, trace, witness } = this.#cluster;
    const plan: Plan = { ...this.#plan, steps: this.#steps, traceHash: trace.hash };
    if (this.#plant !== undefined) plan.plant = this.#plant;
    const judged = this.#cluster.damage.judged(findings.all, this.#plan.shape?.voters ?? VOTERS);
    return {
      seed: plan.seed,
      traceHash: trace.hash,
      plan,
      findings: judged,
      ...(this.#recorder && { record: finished(this.#recorder, judged) }),
      story: this.#nemesis.story,
      lanes: Object.fromEntries(lanes.changes),
      begunAtMs: this.#begunAtMs,
      effective: this.#nemesis.effective(),
      effectiveById: this.#nemesis.byId(),
      cells: this.#nemesis.cells.counts,
      looks: findings.looks,
      counts: {
        simulatedMs: this.#cluster.clock.monotonicMs(),
        events: trace.events,
        acknowledged: this.#clients.acknowledged,
        checked: this.#clients.checked,
        entries: witness.entries,
        terms: witness.terms,
        installs: witness.installs,
        seals: spy.seals,
        bytesScanned: spy.bytesScanned + ears.heard,
        nodes: this.#cluster.machines.length,
        beyond: this.#cluster.damage.isBeyond(this.#plan.shape?.voters ?? VOTERS) ? 1 : 0,
      },
    };
  }

  /**
   * A majority is healed, and the others are gone for good: it must go on alone. Only where the members are
   * those that the storm began with, so that a majority is known.
   */
  async #quiesceCore(): Promise<void> {
    const cluster = this.#cluster;
    const isChanged = this.#steps.some(({ fault }) => CHANGES_MEMBERS.test(fault.kind));
    const { machines } = cluster;
    if (isChanged || machines.length < 3 || cluster.damage.isAny) return;
    const random = new SeededRandom(this.#plan.seed + 5);
    const rest = [...machines];
    const lost = Array.from({ length: (machines.length - 1) >> 1 }, () => {
      return rest.splice(random.integer(rest.length), 1)[0]!;
    });
    this.#nemesis.calm();
    for (const { process } of lost) process?.life.end();
    this.#nemesis.tell(`the core is ${rest.map(({ name }) => name).join(', ')}`);
    const { acknowledged } = this.#clients;
    const goesOn = () => {
      this.#revive(rest);
      return this.#clients.acknowledged > acknowledged + 10;
    };
    cluster.findings.saw('L1');
    await cluster.must(CALM_MS, 'a majority goes on without the others', goesOn);
  }

  /** Starts whoever is down; one that does not come up is given time until the next try. */
  #revive(machines: readonly Machine[]): void {
    const nowMs = this.#cluster.clock.monotonicMs();
    for (const machine of machines) {
      const lastMs = this.#revivedAtMs.get(machine) ?? -REVIVAL_MS;
      if (machine.process !== undefined || nowMs - lastMs < REVIVAL_MS) continue;
      this.#revivedAtMs.set(machine, nowMs);
      this.#nemesis.start(machine);
    }
  }

  /** Nothing is wrong any more: members run, the others do not, and everybody catches up. */
  async #calmDown(): Promise<readonly Machine[]> {
    const cluster = this.#cluster;
    let members: readonly Machine[] = [];
    // A node with a spoiled disk has one more try, and is left out if it refuses.
    const tried = new Set<Machine>();
    const isMissing = (machine: Machine) => {
      const isHopeless = cluster.damage.isSpoiled(machine.name) && tried.has(machine);
      if (machine.process !== undefined || isHopeless) return false;
      tried.add(machine);
      return true;
    };
    const isCalm = () => {
      this.#revive(cluster.machines.filter(isMissing));
      const status = cluster.leader?.group.status();
      if (status === undefined || this.#nemesis.isWaiting) return false;
      const names = new Set(status.members.map(({ name }) => name));
      members = cluster.machines.filter(({ name }) => names.has(name));
      const isThere = (machine: Machine) => machine.isUp || cluster.damage.isSpoiled(machine.name);
      const isWhole = members.length === names.size && members.every(isThere);
      members = members.filter(({ isUp }) => isUp);
      return isWhole;
    };
    cluster.findings.saw('L1');
    // A cluster that lost more than it can mend may not come back: nobody waits for that.
    const isBeyond = cluster.damage.isBeyond(this.#plan.shape?.voters ?? VOTERS);
    await this.#cluster.must(isBeyond ? BEYOND_MS : CALM_MS, 'a leader and all members serve', isCalm);
    const { acknowledged } = this.#clients;
    const isServing = () => this.#clients.acknowledged > acknowledged + 10;
    await this.#cluster.must(isBeyond ? BEYOND_MS : CALM_MS, 'clients write again', isServing);
    return members;
  }
}
