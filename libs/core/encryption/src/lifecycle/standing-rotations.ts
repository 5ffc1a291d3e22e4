import {
  CaissonError,
  type Clock,
  type Faults,
  isCaissonError,
  type KeyLifecycleService,
  type Logger,
  type Random,
  type ReplicatedGroup,
  type ReplicationEngine,
  toCaissonError,
} from '@caisson/contracts';
import type { KeyPurpose } from '@caisson/formats';
import { pauseMs } from '../keys/patience.js';
import type { GroupSession } from '../node/group-session.js';
import type { NodeEncryption } from '../node/node-encryption.js';
import { activeKeyUse } from '../usage/budget.js';

export interface StandingRotationsParts {
  readonly node: NodeEncryption;
  readonly engine: ReplicationEngine;
  readonly lifecycle: Pick<KeyLifecycleService, 'rotate'>;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly random: Random;
  readonly logger: Logger;
  readonly faults: Faults;
}

interface Due {
  readonly keyId: number;
  readonly purpose: KeyPurpose;
  readonly why: 'the budget of the key is used up' | 'the configuration asks to get away from the key';
}

const ATTEMPTS_BEFORE_DEGRADED = 3;
/** Until this node leads, or a failure has passed: pauses grow from this attempt to that of a key service. */
const FIRST_PAUSE = 2;

/**
 * Rotations that nobody orders: of a key whose budget is used up, and of keys that the configuration asks to
 * get away from. What is due is read from the applied state each time, by every node; the leader acts. So
 * nothing is lost with a leader, and nothing is done twice: what was due named the key that is active.
 */
export class StandingRotations {
  readonly #parts: StandingRotationsParts;
  readonly #leaving = new AbortController();
  readonly #left: Promise<void>;

  constructor(parts: StandingRotationsParts) {
    this.#parts = parts;
    const { signal } = this.#leaving;
    this.#left = new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }

  /**
   * Groups are open by now. Where a requested rotation is due, users wait for the first attempt at it on this
   * node; one that fails is repeated while they are served, since a member that is away must not stop them.
   */
  start(): void {
    const { engine, node } = this.#parts;
    if (!node.enabled) return;
    for (const id of engine.groups) {
      void this.#watch(engine.group(id), node.session(id)).catch((error: unknown) => {
        if (!this.#leaving.signal.aborted) this.#parts.faults.fatal(toCaissonError(error));
      });
    }
  }

  stop(): void {
    this.#leaving.abort(new CaissonError('DRAINING'));
  }

  async #watch(group: ReplicatedGroup, session: GroupSession): Promise<void> {
    const { clock, faults, random } = this.#parts;
    const { signal } = this.#leaving;
    const release = this.#holdFor(session);
    let failures = 0;
    while (!signal.aborted) {
      const changed = session.state.changed();
      const due = this.#due(session);
      if (due === undefined || !group.status().leads) {
        if (failures >= ATTEMPTS_BEFORE_DEGRADED) faults.recovered();
        failures = 0;
        if (due === undefined) release();
        const soon = due && clock.sleep(pauseMs(FIRST_PAUSE, random), signal).catch(() => undefined);
        await Promise.race([changed, this.#left, ...(soon ? [soon] : [])]);
        continue;
      }
      const failure = await this.#attempt(due);
      release();
      if (failure === undefined || signal.aborted) continue;
      if (++failures >= ATTEMPTS_BEFORE_DEGRADED)
        faults.degraded(`key ${due.keyId} is not replaced: ${failure.code}`);
      await clock.sleep(pauseMs(FIRST_PAUSE + failures, random), signal).catch(() => undefined);
    }
    release();
  }

  #holdFor(session: GroupSession): () => void {
    const due = this.#requested(session);
    if (due === undefined) return () => undefined;
    const { keyId, purpose } = due;
    return session.hold.begin(
      new CaissonError('KEY_ROTATION_PENDING', { group: session.id, keyId, purpose }),
    );
  }

  #due(session: GroupSession): Due | undefined {
    const { soft } = this.#parts.node.keys.limits;
    const spent = activeKeyUse(session.state.current).find(({ bytes }) => bytes >= soft);
    if (spent === undefined) return this.#requested(session);
    return { keyId: spent.keyId, purpose: spent.purpose, why: 'the budget of the key is used up' };
  }

  #requested(session: GroupSession): Due | undefined {
    const { purpose = 'none', from = [] } = this.#parts.node.parts.config.rotateOnStartup ?? {};
    const due = activeKeyUse(session.state.current).find(
      (key) => from.includes(key.keyId) && (purpose === 'both' || purpose === key.purpose),
    );
    if (due === undefined) return undefined;
    return { keyId: due.keyId, purpose: due.purpose, why: 'the configuration asks to get away from the key' };
  }

  async #attempt({ keyId, purpose, why }: Due): Promise<CaissonError | undefined> {
    const { lifecycle, logger } = this.#parts;
    const { signal } = this.#leaving;
    logger.log('info', 'a data key is replaced', { keyId, purpose, why });
    try {
      const steps = lifecycle.rotate({ purpose, from: [keyId] }, { signal });
      for await (const { step, keyId: active } of steps) {
        if (step === 'done')
          logger.log('info', 'another data key has taken over', { purpose, keyId: active });
      }
      return undefined;
    } catch (error) {
      if (!isCaissonError(error)) throw error;
      logger.log('warn', 'a data key is not replaced yet', { keyId, purpose, why, error });
      return error;
    }
  }
}
