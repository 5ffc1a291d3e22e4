import { SeededRandom } from '@caisson/compliance';
import { EncryptionService } from '@caisson/contracts';
import { judgeHistory, judgeTransactions } from '@caisson/simulator';
import type { Clients } from '../cluster/clients.js';
import type { StormCluster } from '../cluster/cluster.js';
import type { Machine } from '../cluster/machine.js';
import { auditDisk } from '../oracles/at-rest.js';
import { compareRestarts } from '../oracles/restarts.js';
import type { Diary } from '../oracles/diary.js';
import { differences, readReplica } from '../oracles/digest.js';

const EVEN_MS = 30_000;
const REST_MS = 1200;
const QUEUE = 'proposal_queue_bytes';
const RESTARTS_EVERY = 3;

export interface JudgementParts {
  readonly cluster: StormCluster;
  readonly clients: Clients;
  readonly diary: Diary;
}

/** What is looked at once all is calm: what replicas hold, and what clients saw. */
export class Judgement {
  readonly #cluster: StormCluster;
  readonly #clients: Clients;
  readonly #diary: Diary;

  constructor({ clients, cluster, diary }: JudgementParts) {
    this.#cluster = cluster;
    this.#clients = clients;
    this.#diary = diary;
  }

  async pass(members: readonly Machine[]): Promise<void> {
    await this.#rest(members);
    await this.#auditDisks(members);
    await this.#judgeReplicas(members);
    await this.#readAll(members);
    const wrong = this.#cluster.committed.judge(this.#diary);
    this.#judgeHistories(wrong);
    this.#judgeTransactions();
    this.#cluster.witness.judgeHoles();
    await this.#compareRestarts(members);
  }

  /** Nobody wants anything: who leads goes on to lead, nothing waits, and nodes say nothing they must not. */
  async #rest(members: readonly Machine[]): Promise<void> {
    const { ears, findings, witness } = this.#cluster;
    const { terms } = witness;
    await this.#cluster.passMs(REST_MS);
    findings.saw('L2');
    if (witness.terms > terms + 1)
      findings.add('L2', `the lead changed ${witness.terms - terms} times in ${REST_MS} ms of rest`);
    findings.saw('L1');
    for (const { isUp, name } of members) {
      if (!isUp) findings.add('L1', `${name} ended while nothing was wrong`);
    }
    for (const { group, name, numbers, process } of members.filter(({ isUp }) => isUp)) {
      const waiting = numbers.get(QUEUE);
      findings.saw('L3');
      if (waiting > 0) findings.add('L3', `${waiting} bytes wait to be proposed at ${name}`);
      ears.hear('metrics', numbers.text);
      ears.hear('a status', [group.status(), process?.host.get(EncryptionService).status()]);
    }
  }

  /** Now and then: a member, started twice from copies of its disk. */
  async #compareRestarts(members: readonly Machine[]): Promise<void> {
    const { damage, hasSafeNonces, isOfTwins, seed } = this.#cluster;
    const machine = members[seed % members.length];
    const isTurn = seed % RESTARTS_EVERY === 0 && hasSafeNonces && isOfTwins && !damage.isAny;
    if (!isTurn || machine === undefined) return;
    await this.#cluster.settled(compareRestarts(this.#cluster, machine));
  }

  /** What lies on the disk of each of them, unless it was damaged. */
  async #auditDisks(members: readonly Machine[]): Promise<void> {
    const { damage, findings, isEncrypted, isOfTwins } = this.#cluster;
    if (!isEncrypted || !isOfTwins) return;
    for (const machine of members.filter(({ name }) => !damage.isSpoiled(name))) {
      const keks = await this.#cluster.keksOn(machine, new SeededRandom(1));
      await this.#cluster.settled(auditDisk(machine, keks, findings));
    }
  }

  async #judgeReplicas(members: readonly Machine[]): Promise<void> {
    const { findings } = this.#cluster;
    const isEven = () => new Set(members.map(({ group }) => group.status().applied)).size === 1;
    await this.#cluster.must(EVEN_MS, 'all members apply the same entries', isEven);
    const replicas = await this.#cluster.settled(Promise.all(members.map(readReplica)));
    const [first, ...others] = replicas;
    for (const other of others) {
      findings.saw('T10', first!.rows.size > 0);
      const isInstalled = [first!, other].some(({ name }) => this.#cluster.witness.hasInstalled(name));
      findings.saw('R10', isInstalled);
      if (other.applied !== first!.applied) findings.add('T10', 'positions moved while replicas were read');
      for (const difference of differences(first!, other).slice(0, 5)) {
        findings.add('T10', `replicas differ: ${difference}`);
        if (isInstalled) findings.add('R10', `a state that was installed differs: ${difference}`);
      }
    }
  }

  /** Everything once more through every member. */
  async #readAll(members: readonly Machine[]): Promise<void> {
    for (const { name } of members) {
      this.#cluster.findings.saw('L1');
      const isRead = await this.#cluster.settled(this.#clients.readAll(name));
      if (!isRead) this.#cluster.findings.add('L1', `${name} does not serve all reads in calm`);
    }
  }

  /** The search for an order of each key, beside the replay of the log: if it fails, that must have, too. */
  #judgeHistories(wrong: ReadonlySet<string>): void {
    const { findings } = this.#cluster;
    for (const [key, history] of this.#clients.histories) {
      const judged = judgeHistory(history);
      findings.saw('T1', history.length > 1);
      findings.saw('H7', judged.verdict !== 'undecided');
      if (judged.verdict === 'linearizable') continue;
      const story = 'story' in judged ? judged.story : '';
      findings.add('story' in judged ? 'T1' : 'H5', `${key} is ${judged.verdict}: ${story}`);
      const isAlone = 'story' in judged && !wrong.has(key) && !this.#isAmiss();
      if (isAlone) findings.add('H7', `no order explains ${key}, and the log explains every answer`);
    }
  }

  /** The same with lists: what their order comes to, beside what the log says of every answer. */
  #judgeTransactions(): void {
    const { findings } = this.#cluster;
    const isAmiss = this.#isAmiss();
    const anomalies = judgeTransactions(this.#clients.transactions);
    findings.saw('T2', this.#clients.transactions.length > 1);
    findings.saw('H7');
    for (const { kind, story } of anomalies) findings.add('T2', `${kind}: ${story}`);
    if (anomalies.length > 0 && !isAmiss)
      findings.add('H7', 'no order explains the transactions, and the log explains every answer');
  }

  /** Whether the log does not explain what clients heard. */
  #isAmiss(): boolean {
    return this.#cluster.findings.all.some(({ rule }) => rule === 'T11');
  }
}
