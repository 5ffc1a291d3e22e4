import { toHex, toUtf8 } from '@caisson/base';
import { SeededRandom } from '@caisson/compliance';
import { isCaissonError } from '@caisson/contracts';
import { type DiskImage, SimulatedDisk } from '@caisson/simulator';
import { StormCluster } from '../cluster/cluster.js';
import { ENGINE } from '../cluster/engine.js';
import type { Machine } from '../cluster/machine.js';
import { backUp, placeOf, restoreInto } from '../cluster/second-cluster.js';
import { CounterLedger } from '../ledger/seal-ledger.js';
import type { Finding, RuleId } from '../oracles/rules.js';
import type { Plants } from '../plants/plants.js';

export interface SealsOptions {
  readonly seed: number;
  /** Rounds go on until so many texts were sealed. */
  readonly seals: number;
  readonly plants?: Plants | undefined;
  readonly onRound?: (seals: number) => void;
}

/** What came of a run. */
export interface SealsVerdict {
  readonly seals: number;
  /** Keys and beginnings of nonces under which anything was sealed. */
  readonly streams: number;
  /** Seals that were compared text by text. */
  readonly sampled: number;
  readonly rounds: number;
  readonly rollbacks: number;
  readonly clones: number;
  readonly secondClusters: number;
  readonly writes: number;
  readonly simulatedMs: number;
  readonly bytesScanned: number;
  readonly findings: readonly Finding[];
}

/** Disks that come back older break every other promise, as they must. */
const TOLD: ReadonlySet<RuleId> = new Set(['E1', 'E5', 'E6', 'L1', 'L5']);
const VOTERS = 3;
/** Of one write. */
const MUTATIONS = 100;
const WRITES = 16;
const BURST_MS = 60_000;
const LEADER_MS = 60_000;
/** Second clusters are made of whole backups: not in every round. */
const SECOND_EVERY = 4;

/**
 * Disks that are put back, copied and restored while as much is sealed as can be: the counters behind the
 * nonces are the same ones again and again, and no key may meet a nonce twice.
 */
export async function runSeals(options: SealsOptions): Promise<SealsVerdict> {
  return new SealsRun(options).run();
}

class SealsRun {
  readonly #options: SealsOptions;
  readonly #ledger = new CounterLedger();
  readonly #first: StormCluster;
  /** What the first one became: each time its disks are put back, another history begins. */
  #cluster: StormCluster;
  readonly #random: SeededRandom;
  readonly #counts = { rounds: 0, rollbacks: 0, clones: 0, secondClusters: 0, writes: 0 };
  /** Of clusters that are gone. */
  readonly #errors: Finding[] = [];
  #seed: number;

  constructor(options: SealsOptions) {
    this.#options = options;
    this.#seed = options.seed;
    this.#random = new SeededRandom(options.seed);
    this.#first = new StormCluster({ ...this.#setting(), ledger: this.#ledger });
    this.#cluster = this.#first;
  }

  async run(): Promise<SealsVerdict> {
    const { clock, spy } = this.#first;
    await this.#cluster.found();
    while (this.#cluster.machines.length < VOTERS) await this.#cluster.grow();
    await this.#burst(this.#cluster);
    const images = this.#images(this.#cluster);
    while (spy.seals < this.#options.seals && this.#findings.length === 0) {
      await this.#round(images);
      this.#counts.rounds++;
      this.#options.onRound?.(spy.seals);
    }
    this.#cluster.end();
    const { sampled, streams } = this.#ledger;
    const { bytesScanned, seals } = spy;
    const simulatedMs = clock.monotonicMs();
    const reached = { seals, streams, sampled, simulatedMs, bytesScanned };
    return { ...this.#counts, ...reached, findings: this.#findings };
  }

  /** Of nonces and values under all eyes, and of errors that nothing explains. */
  get #findings(): readonly Finding[] {
    const all = [...this.#first.findings.all, ...this.#cluster.findings.all, ...this.#errors];
    return all.filter(({ rule }) => TOLD.has(rule));
  }

  async #round(images: readonly DiskImage[]): Promise<void> {
    await this.#rollBack(images);
    await this.#burst(this.#cluster);
    await this.#cloneAndWrite();
    await this.#rollBackOne(images);
    if (this.#counts.rounds % SECOND_EVERY === 0) await this.#restoreAndWrite();
  }

  /** Every disk as it was at the beginning. */
  async #rollBack(images: readonly DiskImage[]): Promise<void> {
    this.#cluster.end();
    this.#errors.push(...this.#cluster.findings.all.filter(({ rule }) => TOLD.has(rule)));
    this.#cluster = await this.#revived(images);
    this.#counts.rollbacks++;
  }

  /** A cluster on these disks. Nobody outside of it knows of it. */
  async #revived(images: readonly DiskImage[]): Promise<StormCluster> {
    const revived = new StormCluster({ ...this.#setting(), beside: this.#first });
    for (const [at, { name }] of this.#first.machines.entries()) {
      revived.addMachine(name).disk.platter.restore(images[at]!);
    }
    await this.#startAll(revived);
    return revived;
  }

  /** One disk as it was, and the others as they are: what was sealed there is sealed again. */
  async #rollBackOne(images: readonly DiskImage[]): Promise<void> {
    const { machines } = this.#cluster;
    const at = this.#counts.rounds % VOTERS;
    const machine = machines[at]!;
    this.#cluster.end();
    machine.disk.platter.restore(images[at]!);
    await this.#startAll(this.#cluster);
    const { applied } = this.#leader(this.#cluster).group.status();
    const isBack = () => machine.group.status().applied >= applied;
    await this.#cluster.must(LEADER_MS, 'the node that was put back catches up', isBack);
    this.#counts.rollbacks++;
  }

  /** A copy of every disk runs beside the cluster, out of its reach, and both write. */
  async #cloneAndWrite(): Promise<void> {
    const clone = await this.#revived(this.#images(this.#cluster));
    await Promise.all([this.#burst(clone), this.#burst(this.#cluster)]);
    clone.end();
    this.#errors.push(...clone.findings.all);
    this.#counts.clones++;
  }

  /** A backup becomes another cluster while the first one lives, and both write. */
  async #restoreAndWrite(): Promise<void> {
    const source = this.#leader(this.#cluster);
    const vault = new SimulatedDisk();
    const { host } = source.process!;
    const from = { ...placeOf(source), host, clock: source.equipment.time };
    await this.#cluster.settled(backUp(from, vault));
    const clusterId = this.#random.bytes(16);
    const second = new StormCluster({ ...this.#setting(), beside: this.#first, clusterId });
    const target = second.addMachine('restored');
    const keks = this.#cluster.keys.all.map((service) => service.clientOf('restored'));
    const nowMs = this.#cluster.clock.nowMs();
    await this.#cluster.settled(restoreInto(placeOf(target), vault, { keks, random: this.#random, nowMs }));
    await this.#startAll(second);
    await Promise.all([this.#burst(second), this.#burst(this.#cluster)]);
    second.end();
    this.#errors.push(...second.findings.all);
    this.#counts.secondClusters++;
  }

  async #burst(cluster: StormCluster): Promise<void> {
    const writes = Array.from({ length: WRITES }, () => this.#write(cluster));
    await this.#cluster.settled(Promise.all(writes), BURST_MS);
  }

  /** Through whoever leads, until somebody says that it is written. */
  async #write(cluster: StormCluster): Promise<void> {
    const mutations = Array.from({ length: MUTATIONS }, (_, at) => ({
      op: 'put' as const,
      key: toUtf8(`key ${this.#random.integer(1000)}.${at}`),
      value: toUtf8(toHex(this.#random.bytes(12))),
    }));
    const requestId = this.#random.bytes(16);
    for (;;) {
      const kv = cluster.leader?.process?.kv;
      try {
        if (kv !== undefined) {
          await kv.write({ mutations, requestId }, {});
          this.#counts.writes++;
          return;
        }
      } catch (error) {
        if (!isCaissonError(error) || error.entry.retry === 'never') throw error;
      }
      await cluster.clock.sleep(20);
    }
  }

  async #startAll(cluster: StormCluster): Promise<void> {
    const starts = cluster.machines
      .filter(({ process }) => process === undefined)
      .map((each) => each.start());
    await this.#cluster.settled(Promise.all(starts), LEADER_MS);
    await this.#cluster.must(LEADER_MS, 'somebody leads', () => cluster.leader !== undefined);
  }

  #leader(cluster: StormCluster): Machine {
    return cluster.leader!;
  }

  #images(cluster: StormCluster): readonly DiskImage[] {
    return cluster.machines.map(({ disk }) => disk.platter.image);
  }

  /** Randomness is on no disk, so no two clusters have the same. */
  #setting() {
    const { plants = {} } = this.#options;
    return { seed: this.#seed++, isEncrypted: true, engine: ENGINE, plants };
  }
}
