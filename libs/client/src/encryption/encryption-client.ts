import {
  CaissonError,
  type DekPurpose,
  type KekCheck,
  type KeyLifecycleStatus,
  type KeyOrder,
  type KeyProgress,
  type NodeKeks,
  type RegisteredEpoch,
  type RewriteOrder,
  type RewriteProgress,
} from '@caisson/contracts';
import { encryptionProto, grpcMethods, type GrpcMethod } from '@caisson/formats';
import { LeaderCalls, type LeaderCallsOptions } from '../cluster/leader-calls.js';
import type { CallOptions } from '../options.js';
import {
  ACTIONS,
  PURPOSES,
  toKekCheck,
  toKeyProgress,
  toKeyStatus,
  toNodeKeks,
  toRewriteProgress,
} from './key-messages.js';

const METHODS = grpcMethods(encryptionProto.EncryptionDefinition, (bytes) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
);

export type EncryptionClientOptions = LeaderCallsOptions;
export type KeyOrderOptions = KeyOrder & CallOptions;
export type KeySteps = AsyncGenerator<KeyProgress, void, undefined>;

type Order<Request> = GrpcMethod<Request, encryptionProto.KeyProgress, Buffer>;

/**
 * Orders the life of a cluster's data keys through any of its nodes.
 *
 * Orders are streams of steps; they have happened when the stream ends without an error. They follow
 * leadership and go on after a node was lost. A caller that leaves one, or gives it up with a signal, may
 * give the same order again: what is in force already stays.
 */
export class EncryptionClient {
  readonly #calls: LeaderCalls;

  constructor(options: EncryptionClientOptions) {
    this.#calls = new LeaderCalls(options);
  }

  /**
   * The keys as the first node that answers has applied them; with `count`, what it stores under each. With
   * `current`, everything that was acknowledged before the call is in it, or the call fails.
   */
  status(
    options: CallOptions & { readonly count?: boolean; readonly current?: boolean } = {},
  ): Promise<KeyLifecycleStatus> {
    const { count = false, current = false } = options;
    return this.#status({ current, count }, options);
  }

  /** Every key through each KEK of the first node that answers. */
  async verify(options: CallOptions = {}): Promise<readonly KekCheck[]> {
    const { answer } = await this.#calls.askAny(METHODS.verify, {}, this.#calls.limits(options));
    return answer.checks.map(toKekCheck);
  }

  /**
   * A new key for the purpose in every group. The keys to get away from are looked up first, so that an order
   * which has to be sent twice makes one key.
   */
  async *rotate(purpose: DekPurpose, options: KeyOrderOptions = {}): KeySteps {
    const { groups } = await this.#status({ current: true, count: false }, options);
    const active = groups.map((group) =>
      purpose === 'storage' ? group.activeStorageKey : group.activeRaftKey,
    );
    const from = [...new Set(active)].filter((keyId) => keyId !== 0);
    if (from.length === 0) throw new CaissonError('ENVELOPE_ORDER', { problem: 'there are no keys yet' });
    const { dryRun = false } = options;
    yield* this.#order(METHODS.rotate, { purpose: PURPOSES[purpose], from, dryRun }, options);
  }

  /** With `everyKek` every member proves each KEK of the leader, not only one of them. */
  rewrap(options: KeyOrderOptions & { readonly everyKek?: boolean } = {}): KeySteps {
    const { dryRun = false, everyKek = false } = options;
    return this.#order(METHODS.rewrap, { dryRun, everyKek }, options);
  }

  /** The KEKs of the first node that answers, and how each fares. */
  async keks(options: CallOptions = {}): Promise<NodeKeks> {
    return toNodeKeks((await this.#calls.askAny(METHODS.listKeks, {}, this.#calls.limits(options))).answer);
  }

  /** The first node that answers, and no other, reads its configuration again for the KEKs it names. */
  async reloadKeks(options: KeyOrderOptions = {}): Promise<NodeKeks> {
    const request = { dryRun: options.dryRun ?? false };
    return toNodeKeks(
      (await this.#calls.askAny(METHODS.reloadKeks, request, this.#calls.limits(options))).answer,
    );
  }

  /** The last epochs of a member that the first node that answers saw registered. */
  async registeredEpochs(name: string, options: CallOptions = {}): Promise<readonly RegisteredEpoch[]> {
    const limits = this.#calls.limits(options);
    return (await this.#calls.askAny(METHODS.registeredEpochs, { name }, limits)).answer.epochs;
  }

  /** A repair: members register by themselves. */
  registerWriter(name: string, options: KeyOrderOptions = {}): KeySteps {
    return this.#order(METHODS.registerWriter, { name, dryRun: options.dryRun ?? false }, options);
  }

  bootstrap(options: KeyOrderOptions = {}): KeySteps {
    return this.#order(METHODS.bootstrap, { dryRun: options.dryRun ?? false }, options);
  }

  enableStorageEnvelope(options: KeyOrderOptions = {}): KeySteps {
    return this.#order(METHODS.enableStorageEnvelope, { dryRun: options.dryRun ?? false }, options);
  }

  enableRaftEnvelope(options: KeyOrderOptions = {}): KeySteps {
    return this.#order(METHODS.enableRaftEnvelope, { dryRun: options.dryRun ?? false }, options);
  }

  /**
   * Ends the use of a key, once no member has anything under it: suspends it, or with `erase` gives up for
   * good one that is suspended. A dry run lists what stands in the way.
   */
  retire(keyId: number, options: KeyOrderOptions & { readonly erase?: boolean } = {}): KeySteps {
    const { dryRun = false, erase = false } = options;
    return this.#order(METHODS.retire, { keyId, erase, dryRun }, options);
  }

  /** Brings a suspended key back. */
  resume(keyId: number, options: KeyOrderOptions = {}): KeySteps {
    return this.#order(METHODS.resume, { keyId, dryRun: options.dryRun ?? false }, options);
  }

  /** What was overwritten or removed leaves the files of every member. */
  scrub(options: KeyOrderOptions = {}): KeySteps {
    return this.#order(METHODS.scrub, { dryRun: options.dryRun ?? false }, options);
  }

  /** One way. */
  sealMode(options: KeyOrderOptions = {}): KeySteps {
    return this.#order(METHODS.sealMode, { dryRun: options.dryRun ?? false }, options);
  }

  /** On the first node that answers, and on no other. */
  async rewrite(
    { action, bytesPerSecond, finishBy }: RewriteOrder,
    options: CallOptions = {},
  ): Promise<readonly RewriteProgress[]> {
    const limit = bytesPerSecond === undefined ? undefined : BigInt(bytesPerSecond);
    const finishByMs = finishBy === undefined ? undefined : BigInt(finishBy);
    const request = { action: ACTIONS[action], bytesPerSecond: limit, finishByMs };
    const { answer } = await this.#calls.askAny(METHODS.rewrite, request, this.#calls.limits(options));
    return answer.groups.map(toRewriteProgress);
  }

  /** Whether any node is connected right now. */
  get isConnected(): boolean {
    return this.#calls.isConnected;
  }

  close(): void {
    this.#calls.close();
  }

  async #status(asked: encryptionProto.KeyStatusRequest, options: CallOptions): Promise<KeyLifecycleStatus> {
    const limits = this.#calls.limits(options);
    return toKeyStatus((await this.#calls.askAny(METHODS.status, asked, limits)).answer);
  }

  async *#order<Request>(method: Order<Request>, request: Request, options: CallOptions): KeySteps {
    for await (const message of this.#calls.order(method, request, options)) {
      const step = toKeyProgress(message);
      if (step) yield step;
    }
  }
}
