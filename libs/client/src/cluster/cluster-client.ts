import {
  CaissonError,
  type AddRequest,
  type ClusterProgress,
  type ClusterStatus,
  type GroupStatus,
  type StateDigest,
} from '@caisson/contracts';
import type { clusterProto, GrpcMethod } from '@caisson/formats';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallOptions } from '../options.js';
import { jittered } from '../retry.js';
import { toDigest, toProgress, toStatus } from './cluster-messages.js';
import { CLUSTER_METHODS, ClusterNode, type CallLimits, type NodeAccess } from './cluster-node.js';
import { LeaderRoute } from './leader-route.js';
import { compareDigests, type DigestComparison } from './state-digests.js';

export interface ClusterClientOptions extends NodeAccess {
  /** `host:port` of one or more nodes, tried in turn. Leaders are found from any of them. */
  readonly addresses: readonly string[];
  /** For calls that name no deadline. Default 10 minutes: a node that joins catches up first. */
  readonly deadlineMs?: number;
  /** Told of every failure after which an order goes on, with where it goes next. */
  readonly onDetour?: (error: CaissonError, next: string) => void;
}

const DEADLINE_MS_DEFAULT = 600_000;
/** A node that tells what it knows as leader is asked no longer than this. */
const LEADER_STATUS_MS = 3_000;
/** An order that made no step for so long is given up with the last failure. */
const PATIENCE_MS = 30_000;
const FIRST_PAUSE_MS = 20;
const PAUSE_MS_MAX = 1_000;

interface GroupView {
  readonly group: GroupStatus;
  /** Where clients reach the leader, if anybody knows. */
  readonly leaderAddress: string | undefined;
}

interface Survey {
  readonly status: ClusterStatus;
  readonly views: readonly GroupView[];
}

type Order<Request> = GrpcMethod<Request, clusterProto.ClusterProgress, Buffer>;

/**
 * Orders the life of a cluster through any of its nodes.
 *
 * Orders are streams of steps; they have happened when the stream ends without an error. They follow
 * leadership and go on after a node was lost. A caller that leaves one, or gives it up with a signal, may
 * give the same order again: what is in force already stays.
 */
export class ClusterClient {
  readonly #nodes = new Map<string, ClusterNode>();

  constructor(private readonly options: ClusterClientOptions) {
    if (options.addresses.length === 0)
      throw new CaissonError('INVALID_ARGUMENT', { field: 'addresses', limit: 'at least one' });
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
    const steps = this.#node(address).follow(CLUSTER_METHODS.transfer, request, this.#limits(options));
    for await (const message of steps) {
      const step = toProgress(message);
      if (step) yield step;
    }
  }

  /** What a node that joins is told, of any node. */
  async joinToken(options: CallOptions = {}): Promise<string> {
    return (await this.#askAny(CLUSTER_METHODS.joinToken, {}, this.#limits(options))).answer.token;
  }

  /** The digest of one node, the first that answers, at or above `position`. */
  async digest(group: number, position: number, options: CallOptions = {}): Promise<StateDigest> {
    const request = { group: BigInt(group), position: BigInt(position) };
    return toDigest((await this.#askAny(CLUSTER_METHODS.digest, request, this.#limits(options))).answer);
  }

  /** The digest of every member of a group at one position. */
  async digests(group: number, options: CallOptions = {}): Promise<DigestComparison> {
    const limits = this.#limits(options);
    const status = await this.status(options);
    const found = status.groups.find(({ id }) => id === group);
    if (!found) throw new CaissonError('INVALID_ARGUMENT', { field: 'group', group });
    return compareDigests(found, async (address, position) => {
      const request = { group: BigInt(group), position: BigInt(position) };
      return toDigest(await this.#node(address).ask(CLUSTER_METHODS.digest, request, limits));
    });
  }

  /** Whether any node is connected right now. */
  get isConnected(): boolean {
    return [...this.#nodes.values()].some((node) => node.isConnected);
  }

  close(): void {
    for (const node of this.#nodes.values()) node.close();
  }

  async *#order<Request>(
    method: Order<Request>,
    request: Request,
    options: CallOptions = {},
  ): AsyncGenerator<ClusterProgress, void, undefined> {
    const route = new LeaderRoute(this.options.addresses);
    const { deadlineMs, signal } = this.#limits(options);
    const end = performance.now() + deadlineMs;
    let steppedMs = performance.now();
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX)) {
      const limits = { deadlineMs: Math.max(1, end - performance.now()), ...(signal && { signal }) };
      try {
        for await (const message of this.#node(route.address).follow(method, request, limits)) {
          steppedMs = performance.now();
          const step = toProgress(message);
          if (step) yield step;
        }
        return;
      } catch (error) {
        const isPatient = performance.now() < Math.min(steppedMs + PATIENCE_MS, end);
        if (!isPatient || !route.goesOnAfter(error)) throw error;
        this.options.onDetour?.(error, route.address);
      }
      await pause(jittered(pauseMs), signal);
    }
  }

  async #askAny<Request, Response>(
    method: GrpcMethod<Request, Response, Buffer>,
    request: Request,
    { deadlineMs, signal }: CallLimits,
  ): Promise<{ readonly answer: Response; readonly address: string }> {
    const route = new LeaderRoute(this.options.addresses);
    const end = performance.now() + deadlineMs;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX)) {
      const { address } = route;
      const limits = { deadlineMs: Math.max(1, end - performance.now()), ...(signal && { signal }) };
      try {
        return { answer: await this.#node(address).ask(method, request, limits), address };
      } catch (error) {
        if (performance.now() > end || !route.goesOnAfter(error)) throw error;
        this.options.onDetour?.(error, route.address);
      }
      await pause(jittered(pauseMs), signal);
    }
  }

  /** Asks any node, then the leaders it names. A leader that does not answer soon says nothing. */
  async #survey(options: CallOptions): Promise<Survey> {
    const limits = this.#limits(options);
    const { answer, address: asked } = await this.#askAny(CLUSTER_METHODS.status, {}, limits);
    const status = toStatus(answer);
    const views = status.groups.map((group) => ({
      group,
      leaderAddress: group.leads
        ? asked
        : group.members.find(({ name }) => name === group.leader)?.clientAddress,
    }));
    const others = new Set(views.flatMap(({ leaderAddress }) => leaderAddress ?? []));
    others.delete(asked);
    const soon = { ...limits, deadlineMs: Math.min(limits.deadlineMs, LEADER_STATUS_MS) };
    const answers = await Promise.allSettled(
      [...others].map((address) => this.#node(address).ask(CLUSTER_METHODS.status, {}, soon)),
    );
    const led = answers
      .flatMap((told) => (told.status === 'fulfilled' ? toStatus(told.value).groups : []))
      .filter(({ leads }) => leads);
    const newer = ({ id }: GroupStatus) => led.find((group) => group.id === id);
    return { status, views: views.map((view) => ({ ...view, group: newer(view.group) ?? view.group })) };
  }

  #node(address: string): ClusterNode {
    const node = this.#nodes.get(address) ?? new ClusterNode(address, this.options);
    this.#nodes.set(address, node);
    return node;
  }

  #limits({ deadlineMs, signal }: CallOptions): CallLimits {
    const limit = deadlineMs ?? this.options.deadlineMs ?? DEADLINE_MS_DEFAULT;
    return { deadlineMs: limit, ...(signal && { signal }) };
  }
}

function candidate({ name, address, clientAddress, learner }: AddRequest): clusterProto.Candidate {
  return { name, address, clientAddress, learner: learner ?? false };
}

function addressOfLeader({ group, leaderAddress }: GroupView): string {
  if (leaderAddress !== undefined) return leaderAddress;
  throw new CaissonError('NOT_LEADER', { group: group.id, ...(group.leader && { leader: group.leader }) });
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, signal && { signal }).catch((cause: unknown) => {
    throw new CaissonError('CANCELLED', {}, { cause });
  });
}
