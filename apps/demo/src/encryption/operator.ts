import { rm } from 'node:fs/promises';
import type { ClusterNode } from '../cluster/cluster-node.js';
import type { ClusterPlayground } from '../cluster/cluster-playground.js';

interface KeyStatus {
  readonly groups: readonly { readonly activeStorageKey: number; readonly activeRaftKey: number }[];
  readonly keys: readonly { readonly keyId: number; readonly state: string }[];
}

interface KekList {
  readonly keks: readonly { readonly provider: string; readonly keyRef: string }[];
}

/** Whoever runs the cluster, with nothing but configurations, restarts and the command line. */
export class Operator {
  readonly #playground: ClusterPlayground;

  constructor(playground: ClusterPlayground) {
    this.#playground = playground;
  }

  get nodes(): readonly ClusterNode[] {
    return this.#playground.nodes;
  }

  /** Three members that know nothing of encryption. */
  async found(): Promise<void> {
    const first = await this.#playground.found('n1');
    for (const name of ['n2', 'n3']) await this.#playground.join(name, first);
  }

  /** One node after the other is restarted with a KEK in its configuration. */
  async equip(): Promise<void> {
    for (const node of this.nodes) {
      await node.end('SIGTERM');
      await node.start(equipped([this.#playground.kekPath]));
      await this.#playground.ops(node, 'status', '--wait');
    }
  }

  /** Any order about keys, given to the first node; rejects unless it succeeds. */
  async order(...words: readonly string[]): Promise<Record<string, unknown>> {
    const ran = await this.#playground.run(this.nodes[0]!, ...words, '--json');
    if (ran.exitCode !== 0)
      throw new RangeError(`${words.join(' ')} ended with ${ran.exitCode}: ${ran.stdout}${ran.stderr}`);
    return JSON.parse(ran.stdout) as Record<string, unknown>;
  }

  async status(): Promise<KeyStatus> {
    return (await this.order('encryption', 'status')) as unknown as KeyStatus;
  }

  /** Both active keys are replaced; answers those that were active before. */
  async rotate(): Promise<readonly number[]> {
    const { groups } = await this.status();
    for (const purpose of ['storage', 'raft'])
      await this.order('encryption', 'rotate-dek', '--purpose', purpose);
    return groups.flatMap(({ activeStorageKey, activeRaftKey }) => [activeStorageKey, activeRaftKey]);
  }

  /** A new KEK joins the old one, takes over, and the file of the old one is gone. No node is restarted. */
  async replaceKek(): Promise<void> {
    const { kekPath } = this.#playground;
    const old = await this.#keks();
    const next = await this.#playground.makeKek('next.key');
    await this.#configure([kekPath, next]);
    await this.order('kek', 'add');
    await this.#configure([next]);
    for (const name of old) await this.order('kek', 'remove', name);
    await rm(kekPath);
    await this.order('kek', 'verify');
  }

  /** Suspended first, then erased, each only after every member has counted what it has under the key. */
  async retire(keyIds: readonly number[]): Promise<void> {
    await this.order('encryption', 'scrub');
    for (const keyId of keyIds) {
      await this.order('encryption', 'retire-dek', '--key-id', String(keyId));
      await this.order('encryption', 'retire-dek', '--key-id', String(keyId), '--erase');
    }
  }

  async #keks(): Promise<readonly string[]> {
    const { keks } = (await this.order('kek', 'list')) as unknown as KekList;
    return keks.map(({ provider, keyRef }) => `${provider}:${keyRef}`);
  }

  async #configure(kekPaths: readonly string[]): Promise<void> {
    for (const node of this.nodes) await node.configure(equipped(kekPaths));
  }
}

/** For a cluster that starts without encryption. */
export const UNEQUIPPED = Object.freeze({ 'kek-file': undefined, 'applier-encryption': { enabled: false } });

function equipped(kekPaths: readonly string[]): Record<string, unknown> {
  return { 'kek-file': { path: kekPaths }, 'applier-encryption': { enabled: true } };
}
