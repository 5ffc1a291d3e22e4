import {
  CaissonError,
  type AddRequest,
  type ClusterProgress,
  type ClusterStatus,
  type StateDigest,
} from '@caisson/contracts';
import type { clusterProto, GrpcMethod } from '@caisson/formats';
import type { CallOptions } from '../options.js';
import { toDigest, toProgress } from './cluster-messages.js';
import { CLUSTER_METHODS } from './cluster-node.js';
import { surveyCluster, type GroupView, type Survey } from './cluster-survey.js';
import { LeaderCalls, type LeaderCallsOptions } from './leader-calls.js';
import { compareDigests, type DigestComparison } from './state-digests.js';

export type ClusterClientOptions = LeaderCallsOptions;

type Order<Request> = GrpcMethod<Request, clusterProto.ClusterProgress, Buffer>;

/**
 * Orders the life of a cluster through any of its nodes.
 *
 * Orders are streams of steps; they have happened when the stream ends without an error. They follow
 * leadership and go on after a node was lost. A caller that leaves one, or gives it up with a signal, may
 * give the same order again: what is in force already stays.
 */
export class ClusterClient {
  readonly #calls: LeaderCalls;
  readonly #addresses: readonly string[];

  constructor(options: ClusterClientOptions) {
    this.#calls = new LeaderCalls(options);
    this.#addresses = options.addresses;
  }

  /** Each group as its leader tells it where that can be reached, else as the node that answered does. */
  async status(options: CallOptions = {}): Promise<ClusterStatus> {
    const { status, views } = await this.#survey(options);
    return { ...status, groups: views.map(({ group }) => group) };
  }

  add(request: AddRequest, options?: CallOptions): AsyncGenerator<ClusterProgress, void, undefined> {
    return this.#order(CLUSTER_METHODS.add, { node: candidate(request) }, options);
  }

  promote(name: string, options?: CallOptions): AsyncGenerator<ClusterProgress, void, undefined> {
    return this.#order(CLUSTER_METHODS.promote, { name }, options);
  }

  remove(name: string, options?: CallOptions): AsyncGenerator<ClusterProgress, void, undefined> {
    return this.#order(CLUSTER_METHODS.remove, { name }, options);
  }

  replace(
    old: string,
    by: AddRequest,
    options?: CallOptions,
  ): AsyncGenerator<ClusterProgress, void, undefined> {
    return this.#order(CLUSTER_METHODS.replace, { old, by: candidate(by) }, options);
  }

  /** Moves leadership of every group to `target`, or from where it is to the best follower. */
  async *transfer(
    target: string | undefined,
    options: CallOptions = {},
  ): AsyncGenerator<ClusterProgress, void, undefined> {
    const { views } = await this.#survey(options);
    const elsewhere = views.filter(({ group }) => target === undefined || group.leader !== target);
    const leaders = new Set(elsewhere.map(addressOfLeader));
    for (const address of leaders) yield* this.transferFrom(address, target, options);
  }

  /** Moves leadership away from the node at `address`, and from no other. */
  async *transferFrom(
    address: string,
    target: string | undefined,
    options: CallOptions = {},
  ): AsyncGenerator<ClusterProgress, void, undefined> {
    const request = { target: target ?? '' };
    const steps = this.#calls
      .node(address)
      .follow(CLUSTER_METHODS.transfer, request, this.#calls.limits(options));
    for await (const message of steps) {
      const step = toProgress(message);
      if (step) yield step;
    }
  }

  /** What a node that joins is told, of any node. */
  async joinToken(options: CallOptions = {}): Promise<string> {
    return (await this.#calls.askAny(CLUSTER_METHODS.joinToken, {}, this.#calls.limits(options))).answer
      .token;
  }

  /** The digest of one node, the first that answers, at or above `position`. */
  async digest(group: number, position: number, options: CallOptions = {}): Promise<StateDigest> {
    const request = { group: BigInt(group), position: BigInt(position) };
    return toDigest(
      (await this.#calls.askAny(CLUSTER_METHODS.digest, request, this.#calls.limits(options))).answer,
    );
  }

  /** The digest of every member of a group at one position. */
  async digests(group: number, options: CallOptions = {}): Promise<DigestComparison> {
    const limits = this.#calls.limits(options);
    const status = await this.status(options);
    const found = status.groups.find(({ id }) => id === group);
    if (!found) throw new CaissonError('INVALID_ARGUMENT', { field: 'group', group });
    return compareDigests(found, async (address, position) => {
      const request = { group: BigInt(group), position: BigInt(position) };
      return toDigest(await this.#calls.node(address).ask(CLUSTER_METHODS.digest, request, limits));
    });
  }

  /** Whether any node is connected right now. */
  get isConnected(): boolean {
    return this.#calls.isConnected;
  }

  close(): void {
    this.#calls.close();
  }

  async *#order<Request>(
    method: Order<Request>,
    request: Request,
    options?: CallOptions,
  ): AsyncGenerator<ClusterProgress, void, undefined> {
    for await (const message of this.#calls.order(method, request, options)) {
      const step = toProgress(message);
      if (step) yield step;
    }
  }

  #survey(options: CallOptions): Promise<Survey> {
    return surveyCluster(this.#calls, this.#addresses, options);
  }
}

function candidate({ name, address, clientAddress, learner }: AddRequest): clusterProto.Candidate {
  return { name, address, clientAddress, learner: learner ?? false };
}

function addressOfLeader({ group, leaderAddress }: GroupView): string {
  if (leaderAddress !== undefined) return leaderAddress;
  throw new CaissonError('NOT_LEADER', { group: group.id, ...(group.leader && { leader: group.leader }) });
}
