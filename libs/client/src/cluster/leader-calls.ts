import { CaissonError } from '@caisson/contracts';
import type { GrpcMethod } from '@caisson/formats';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallOptions } from '../options.js';
import { jittered } from '../retry.js';
import { ClusterNode, type CallLimits, type NodeAccess } from './cluster-node.js';
import { LeaderRoute } from './leader-route.js';

export interface LeaderCallsOptions extends NodeAccess {
  /** `host:port` of one or more nodes, tried in turn. Leaders are found from any of them. */
  readonly addresses: readonly string[];
  /** For calls that name no deadline. Default 10 minutes: a node that joins catches up first. */
  readonly deadlineMs?: number;
  /** Told of every failure after which an order goes on, with where it goes next. */
  readonly onDetour?: (error: CaissonError, next: string) => void;
}

type Method<Request, Response> = GrpcMethod<Request, Response, Buffer>;

const DEADLINE_MS_DEFAULT = 600_000;
/** An order that made no step for so long is given up with the last failure. */
const PATIENCE_MS = 30_000;
const FIRST_PAUSE_MS = 20;
const PAUSE_MS_MAX = 1_000;

/** Calls that end up where they can be answered: orders at leaders, questions at any node that answers. */
export class LeaderCalls {
  readonly #nodes = new Map<string, ClusterNode>();

  constructor(private readonly options: LeaderCallsOptions) {
    if (options.addresses.length === 0)
      throw new CaissonError('INVALID_ARGUMENT', { field: 'addresses', limit: 'at least one' });
  }

  /** The steps of an order, which goes on elsewhere after a failure that passes. */
  async *order<Request, Message>(
    method: Method<Request, Message>,
    request: Request,
    options: CallOptions = {},
  ): AsyncGenerator<Message, void, undefined> {
    const route = new LeaderRoute(this.options.addresses);
    const { deadlineMs, signal } = this.limits(options);
    const end = performance.now() + deadlineMs;
    let steppedMs = performance.now();
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX)) {
      const limits = { deadlineMs: Math.max(1, end - performance.now()), ...(signal && { signal }) };
      try {
        for await (const message of this.node(route.address).follow(method, request, limits)) {
          steppedMs = performance.now();
          yield message;
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

  /** The answer of the first node that has one, and where that was. */
  async askAny<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    { deadlineMs, signal }: CallLimits,
  ): Promise<{ readonly answer: Response; readonly address: string }> {
    const route = new LeaderRoute(this.options.addresses);
    const end = performance.now() + deadlineMs;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX)) {
      const { address } = route;
      const limits = { deadlineMs: Math.max(1, end - performance.now()), ...(signal && { signal }) };
      try {
        return { answer: await this.node(address).ask(method, request, limits), address };
      } catch (error) {
        if (performance.now() > end || !route.goesOnAfter(error)) throw error;
        this.options.onDetour?.(error, route.address);
      }
      await pause(jittered(pauseMs), signal);
    }
  }

  node(address: string): ClusterNode {
    const node = this.#nodes.get(address) ?? new ClusterNode(address, this.options);
    this.#nodes.set(address, node);
    return node;
  }

  limits({ deadlineMs, signal }: CallOptions): CallLimits {
    const limit = deadlineMs ?? this.options.deadlineMs ?? DEADLINE_MS_DEFAULT;
    return { deadlineMs: limit, ...(signal && { signal }) };
  }

  /** Whether any node is connected right now. */
  get isConnected(): boolean {
    return [...this.#nodes.values()].some((node) => node.isConnected);
  }

  close(): void {
    for (const node of this.#nodes.values()) node.close();
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, signal && { signal }).catch((cause: unknown) => {
    throw new CaissonError('CANCELLED', {}, { cause });
  });
}
