import { judgeHistory } from '@caisson/simulator';
import type { Clients } from '../cluster/clients.js';
import type { StormCluster } from '../cluster/cluster.js';
import type { Machine } from '../cluster/machine.js';
import type { Diary } from '../oracles/diary.js';
import { differences, readReplica } from '../oracles/digest.js';

const EVEN_MS = 30_000;

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
    await this.#judgeReplicas(members);
    await this.#readAll(members);
    this.#judgeHistories(this.#cluster.committed.judge(this.#diary));
    this.#cluster.witness.judgeHoles();
  }

  async #judgeReplicas(members: readonly Machine[]): Promise<void> {
    const { findings } = this.#cluster;
    const isEven = () => new Set(members.map(({ group }) => group.status().applied)).size === 1;
    await this.#cluster.must(EVEN_MS, 'all members apply the same entries', isEven);
    const replicas = await this.#cluster.settled(Promise.all(members.map(readReplica)));
    const [first, ...others] = replicas;
    for (const other of others) {
      findings.saw('T10', first!.rows.size > 0);
      if (other.applied !== first!.applied) findings.add('T10', 'positions moved while replicas were read');
      for (const difference of differences(first!, other).slice(0, 5)) {
        findings.add('T10', `replicas differ: ${difference}`);
      }
    }
  }

  /** Every key once more through every member. */
  async #readAll(members: readonly Machine[]): Promise<void> {
    for (const key of this.#clients.histories.keys()) {
      for (const { name } of members) {
        const isRead = await this.#cluster.settled(this.#clients.read('last', key, name));
        this.#cluster.findings.saw('L1');
        if (!isRead) this.#cluster.findings.add('L1', `${name} does not serve a read in calm`);
      }
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
      const isAlone =
        'story' in judged && !wrong.has(key) && findings.all.every(({ rule }) => rule !== 'T11');
      if (isAlone) findings.add('H7', `no order explains ${key}, and the log explains every answer`);
    }
  }
}
