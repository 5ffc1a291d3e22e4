import { CaissonError } from '@caisson/contracts';
import type { NodeStatus } from '../connection.js';
import { DEADLINE_MS_DEFAULT, type CallOptions, type ClientOptions } from '../options.js';
import { withRetry } from '../retry.js';
import { NodeLink, type CallLimits } from './node-link.js';
import { Routes, type Destination } from './routes.js';

/** Hops of one call without a pause: nodes that name each other as leader must not keep it spinning. */
const HOPS_MAX = 3;

export interface Call {
  readonly to: Destination;
  /** Whether doing it twice is the same as doing it once. */
  readonly repeatable: boolean;
  /** Whether it changes anything; only the leader takes such. */
  readonly changes: boolean;
}

/** The nodes of a cluster as one thing to call: one link to each, opened when first needed. */
export class ClusterLinks {
  readonly #options: ClientOptions;
  readonly #routes: Routes;
  readonly #links = new Map<string, NodeLink>();
  #closed = false;

  constructor(options: ClientOptions) {
    const addresses = typeof options.address === 'string' ? [options.address] : options.address;
    if (addresses.length === 0)
      throw new CaissonError('INVALID_ARGUMENT', { field: 'address', limit: 'at least one' });
    this.#options = options;
    this.#routes = new Routes(addresses);
    // A certificate that cannot be used is told to who made the client, not to who first calls.
    this.#link(addresses[0]!);
  }

  send(op: number, body: Uint8Array, call: Call, options: CallOptions): Promise<Uint8Array> {
    return this.#repeat(call, options, (link, limits) => link.call(op, body, limits));
  }

  status(options: CallOptions): Promise<NodeStatus> {
    const call: Call = { to: 'given', repeatable: true, changes: false };
    return this.#repeat(call, options, (link, limits) => link.status(limits));
  }

  /** Whether any node is connected right now. */
  get isConnected(): boolean {
    return [...this.#links.values()].some((link) => link.isConnected);
  }

  close(): void {
    this.#closed = true;
    for (const link of this.#links.values()) link.close();
  }

  #repeat<T>(
    { to, repeatable, changes }: Call,
    { deadlineMs, signal }: CallOptions,
    run: (link: NodeLink, limits: CallLimits) => Promise<T>,
  ): Promise<T> {
    const routes = this.#routes;
    let address = '';
    let hops = 0;
    const limit = deadlineMs ?? this.#options.deadlineMs ?? DEADLINE_MS_DEFAULT;
    const onFailure = (error: CaissonError): boolean => {
      const isElsewhere = routes.failed(address, error);
      hops = isElsewhere ? hops + 1 : 0;
      return isElsewhere && hops <= HOPS_MAX;
    };
    const retry = { repeatable, changes, deadlineMs: limit, onFailure, ...(signal && { signal }) };
    return withRetry(retry, async (limits) => {
      address = routes.pick(to);
      const answer = await run(this.#link(address), limits);
      routes.answered(address, { tookChange: changes });
      return answer;
    });
  }

  #link(address: string): NodeLink {
    const known = this.#links.get(address);
    if (known !== undefined) return known;
    if (this.#closed) throw new CaissonError('CANCELLED', { reason: 'the client is closed' });
    this.#closeForgotten();
    const hasOthers = this.#routes.known.length > 1;
    const link = new NodeLink({ ...this.#options, address, hasOthers });
    this.#links.set(address, link);
    return link;
  }

  #closeForgotten(): void {
    const { known } = this.#routes;
    for (const [address, link] of this.#links) {
      if (known.includes(address)) continue;
      link.close();
      this.#links.delete(address);
    }
  }
}
