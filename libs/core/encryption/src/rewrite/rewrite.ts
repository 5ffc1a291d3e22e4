import {
  CaissonError,
  type Clock,
  isCaissonError,
  type Logger,
  type Meter,
  type ReplicationEngine,
  toCaissonError,
} from '@caisson/contracts';
import { type Census, reportCensus } from '../census/census.js';
import type { GroupSession } from '../node/group-session.js';
import type { NodeEncryption } from '../node/node-encryption.js';
import { GroupRewrite } from './group-rewrite.js';
import { Pace } from './pace.js';
import { idle, type RewriteStatus, statusOf, type RunView } from './rewrite-status.js';
import { decodeRewriteCursor, REWRITE_CURSOR_KEY, type RewriteCursor } from './rewrite-cursor.js';

/** Leaves foreground work its latency on one disk and two cores. */
const DEFAULT_BYTES_PER_SECOND = 8 * 1024 * 1024;
const RETRY_MS = 1_000;

export interface RewriteOptions {
  /** Of stored values; 0 for no limit. */
  readonly bytesPerSecond?: number;
  /** When it is to be over, Unix milliseconds: the rate follows from it. A rate takes its place again. */
  readonly finishBy?: number;
}

export interface RewriteParts {
  readonly node: NodeEncryption;
  readonly engine: Pick<ReplicationEngine, 'groups' | 'group'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly meter?: Meter | undefined;
}

interface Run {
  readonly control: AbortController;
  readonly done: Promise<void>;
}

/**
 * Rewriting on this node, group after group, in the background. Every replica does it for itself.
 *
 * It goes on after a restart where it was, until it is finished or cancelled.
 */
export class Rewrite {
  readonly #parts: RewriteParts;
  readonly #pace: Pace;
  readonly #views = new Map<number, RunView>();
  readonly #censuses = new Map<number, Census>();
  #run: Run | undefined;
  /** Groups that this run has before it. */
  #left = 1;

  constructor(parts: RewriteParts) {
    this.#parts = parts;
    this.#pace = new Pace(parts.clock, DEFAULT_BYTES_PER_SECOND);
  }

  get isRunning(): boolean {
    return this.#run !== undefined;
  }

  /**
   * Begins, or goes on with what was begun; while it runs, only the rate changes. Refused before values are
   * sealed at all.
   */
  start({ bytesPerSecond, finishBy }: RewriteOptions = {}): readonly RewriteStatus[] {
    for (const session of this.#sessions) {
      if (session.state.current.keys.storageEnvelopeActive) continue;
      throw new CaissonError('ENCRYPTION_NOT_BOOTSTRAPPED', { group: session.id });
    }
    this.#setPace(bytesPerSecond, finishBy);
    this.#run ??= this.#begin(this.#parts.engine.groups);
    return this.status();
  }

  /**
   * A run that is under way keeps what is not said anew; one that begins is bound by no time of an earlier.
   */
  #setPace(rate: number | undefined, finishBy: number | undefined): void {
    const pace = this.#pace;
    const isNew = this.#run === undefined;
    if (rate !== undefined) pace.rate = rate;
    else if (isNew && pace.finishBy !== undefined) pace.rate = DEFAULT_BYTES_PER_SECOND;
    if (isNew || rate !== undefined || finishBy !== undefined) pace.finishBy = finishBy;
  }

  /** What rows remember of runs before this process; goes on with those that are not finished. */
  async resume(): Promise<void> {
    const unfinished: number[] = [];
    for (const session of this.#sessions) {
      const row = await session.stored(REWRITE_CURSOR_KEY);
      if (row === undefined) continue;
      const cursor = decodeRewriteCursor(row);
      const isFinished = cursor.finishedAt !== undefined;
      this.#views.set(session.id, { state: isFinished ? 'finished' : 'stopped', cursor });
      if (isFinished) continue;
      unfinished.push(session.id);
      this.#pace.rate = cursor.rate;
      this.#pace.finishBy = cursor.finishBy;
    }
    if (unfinished.length > 0) this.#run ??= this.#begin(unfinished);
  }

  status(): readonly RewriteStatus[] {
    const nowMs = this.#parts.clock.monotonicMs();
    return this.#parts.engine.groups.map((id) => statusOf(id, this.#views.get(id) ?? idle, nowMs));
  }

  /** Resolves once nothing runs any more, whatever came of it: `status` says. */
  async ended(): Promise<void> {
    while (this.#run !== undefined) await this.#run.done;
  }

  /** Leaves everything as it is: the next start of the process goes on. */
  async stop(): Promise<void> {
    this.#run?.control.abort(new CaissonError('CANCELLED', { reason: 'stopped' }));
    await this.ended();
  }

  /** Ends it for good. What was rewritten stays so. */
  async cancel(): Promise<void> {
    await this.stop();
    for (const id of this.#parts.engine.groups) {
      const view = this.#views.get(id);
      if (view === undefined || view.state === 'finished') continue;
      await this.#parts.engine.group(id).maintain(async (batch) => {
        batch.delete(REWRITE_CURSOR_KEY);
        return { more: false };
      });
      this.#views.set(id, idle);
    }
  }

  get #sessions(): readonly GroupSession[] {
    const { node, engine } = this.#parts;
    return engine.groups.map((id) => node.session(id));
  }

  #begin(groups: readonly number[]): Run {
    const control = new AbortController();
    const work = async () => {
      for (const [at, id] of groups.entries()) {
        this.#left = groups.length - at;
        await this.#rewriteGroup(id, control.signal);
      }
    };
    const done = work().finally(() => void (this.#run = undefined));
    return { control, done };
  }

  /** Never rejects: what came of it is in the status. */
  async #rewriteGroup(id: number, signal: AbortSignal): Promise<void> {
    const { logger } = this.#parts;
    this.#views.set(id, { state: 'counting', sinceMs: this.#parts.clock.monotonicMs() });
    try {
      await this.#untilDone(id, signal);
      this.#views.set(id, { ...this.#views.get(id)!, state: 'finished' });
      logger.log('info', 'every value is sealed under the active key', { group: id });
    } catch (thrown) {
      const view = this.#views.get(id)!;
      const error = toCaissonError(thrown);
      this.#views.set(
        id,
        signal.aborted ? { ...view, state: 'stopped' } : { ...view, state: 'failed', error },
      );
      if (!signal.aborted) logger.log('error', 'rewriting stopped at a failure', { group: id, error });
    }
  }

  /**
   * A store that is replaced by a received one closes under its readers: the new one is looked at instead.
   */
  async #untilDone(id: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    const session = this.#parts.node.session(id);
    for (;;) {
      const { replacements } = session;
      try {
        return await this.#groupRewrite(id).run(signal);
      } catch (error) {
        const isReplaced = isCaissonError(error, 'STORE_CLOSED') && !signal.aborted;
        if (!isReplaced) throw error;
        await clock.sleep(RETRY_MS, signal);
        if (session.replacements === replacements) throw error;
      }
    }
  }

  #groupRewrite(id: number): GroupRewrite {
    const { node, engine, clock } = this.#parts;
    return new GroupRewrite({
      session: node.session(id),
      group: engine.group(id),
      clock,
      pace: this.#pace,
      groups: this.#left,
      version: node.parts.config.envelopeVersion,
      onScrub: () => this.#views.set(id, { ...this.#views.get(id)!, state: 'scrubbing' }),
      onCensus: (census) => this.#onCensus(census),
      onProgress: (cursor) => this.#onProgress(id, cursor),
    });
  }

  #onProgress(id: number, cursor: RewriteCursor): void {
    const view = this.#views.get(id)!;
    const from = view.from ?? { done: cursor.done, bytes: cursor.bytes };
    this.#views.set(id, { ...view, state: 'running', cursor, from });
  }

  #onCensus(census: Census): void {
    this.#censuses.set(census.group, census);
    const { node, meter } = this.#parts;
    const known = this.#sessions.flatMap(({ state }) => state.current.keys.keys);
    const storage = known.filter(({ purpose }) => purpose === 'storage').map(({ keyId }) => keyId);
    reportCensus(meter ?? node.parts.meter, [...this.#censuses.values()], storage);
  }
}
