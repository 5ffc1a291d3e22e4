import { createDeferred, invariant, InvariantError } from '@caisson/base';
import {
  CaissonError,
  Probe,
  isCaissonError,
  toCaissonError,
  type AnyService,
  type Health,
  type ListToken,
  type Plugin,
  type SlotToken,
} from '@caisson/contracts';
import type { Container } from 'inversify';
import { bindServices, createContainer, identifier, loadRawModules, type Instances } from './assemble.js';
import { systemAfter, type After } from './bounded.js';
import { configure, type Sections } from './configure.js';
import { extend, type Extension } from './extension.js';
import { graphOf, type Graph } from './graph.js';
import { HostHealth } from './health.js';
import {
  drainAll,
  startAll,
  stopAll,
  type LifecycleEvent,
  type LifecycleOptions,
  type Running,
} from './lifecycle.js';
import { makePlan, refuseMissing, type Plan, type PlannedService } from './plan.js';

export interface HostOptions {
  // A plugin of any configuration type fits: its own schema checks what it gets.
  readonly plugins: readonly Plugin[];
  readonly sections?: Sections;
  /** How long each service may take to drain. Default 10 s. */
  readonly drainMs?: number;
  /** How long each service may take to stop. Default 10 s. */
  readonly stopMs?: number;
  readonly after?: After;
  readonly onEvent?: (event: LifecycleEvent) => void;
}

/**
 * Loads, configures and plans, and binds everything in a container. Creates no service and touches nothing
 * outside: problems show up here as `CONFIG_INVALID` or `PLAN_INVALID`, complete and before any effect.
 */
export async function createHost(options: HostOptions): Promise<Host> {
  const configured = await configure(options.plugins, options.sections ?? {});
  const health = new HostHealth();
  const plan = makePlan(configured);
  const container = createContainer(health);
  const host = new Host({ options, plan, health, instances: new Map(), container });
  await host.bind();
  await loadRawModules(container, configured);
  refuseMissing(plan, (key) => container.isBound(identifier(key)));
  return host;
}

interface HostParts {
  readonly options: HostOptions;
  readonly plan: Plan;
  readonly health: HostHealth;
  readonly instances: Instances;
  readonly container: Container;
}

/** One running node. Any number of hosts live in one process without meeting. */
export class Host {
  readonly #parts: HostParts;
  readonly #failed = createDeferred<CaissonError>();
  readonly #starting = new AbortController();
  #running: readonly Running[] = [];
  #stopping: Promise<void> | undefined;
  #created = false;

  constructor(parts: HostParts) {
    this.#parts = parts;
  }

  get health(): Health {
    return this.#parts.health;
  }

  get graph(): Graph {
    return graphOf(this.#parts.plan);
  }

  /** Resolves with the first fatal fault; never rejects. Whoever runs the host drains, stops and exits. */
  get failed(): Promise<CaissonError> {
    return this.#failed.promise;
  }

  /**
   * For custom builds that rebind: only before `start`, because what is already built keeps what it was built
   * with, and a binding that comes too late would reach some consumers and not others.
   */
  get container(): Container {
    invariant('KERNEL-1', !this.#created, 'host.container is for use before start');
    return this.#parts.container;
  }

  /** Binds the plan in the container. Part of `createHost`. */
  async bind(): Promise<void> {
    const { container, plan, instances } = this.#parts;
    await bindServices(container, plan.services, { instances, faultsOf: (entry) => this.#faultsOf(entry) });
  }

  /** Creates every service, then starts them in order; on failure everything is stopped again. */
  async start(signal?: AbortSignal): Promise<void> {
    invariant('KERNEL-2', !this.#created, 'a host starts once');
    const { health } = this.#parts;
    const abort = () => this.#starting.abort(signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    try {
      this.#running = this.#create();
      await startAll(this.#running, this.#lifecycle(), this.#starting.signal);
      health.phase = 'ready';
    } catch (error) {
      this.#running = [];
      health.phase = 'failed';
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /** The service behind a token, once the host is started. */
  get<T>(token: SlotToken<T>): T;
  get<T>(token: ListToken<T>): readonly T[];
  get(token: SlotToken<unknown> | ListToken<unknown>): unknown {
    invariant('KERNEL-3', this.#created, 'services exist once the host is started');
    const { container } = this.#parts;
    if (token.cardinality === 'slot') return container.get(identifier(token.key));
    return container.isBound(identifier(token.key)) ? container.getAll(identifier(token.key)) : [];
  }

  /**
   * Creates and starts services beside the plan, against what runs here. Nothing here learns of them: whoever
   * asked for them uses and stops them.
   */
  extend(services: readonly AnyService[], signal: AbortSignal): Promise<Extension> {
    invariant('KERNEL-3', this.#created, 'services exist once the host is started');
    const faults = {
      degraded: () => undefined,
      recovered: () => undefined,
      fatal: (error: CaissonError) => this.#failed.resolve(error),
    };
    return extend(services, { container: this.#parts.container, faults }, signal);
  }

  /**
   * Drains, then stops in reverse, each service within its bound. Repeated calls share one stop. Rejects with
   * `STOP_FAILED` that lists the services that failed; the others are stopped nevertheless.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const { health } = this.#parts;
    health.phase = 'draining';
    this.#starting.abort(new CaissonError('DRAINING'));
    const failures = await drainAll(this.#running, this.#lifecycle());
    failures.push(...(await stopAll(this.#running, this.#lifecycle())));
    health.phase = 'stopped';
    if (failures.length === 0) return;
    const causes = failures.map((failure) => toCaissonError(failure).message);
    throw new CaissonError('STOP_FAILED', { failures: causes }, { cause: failures[0] });
  }

  #create(): Running[] {
    this.#created = true;
    const { container, plan, instances, health } = this.#parts;
    for (const { service } of plan.services) createProviders(container, service.provides);
    for (const probe of this.get(Probe)) health.watchProbe(probe);
    // A service that a raw module replaced was never created: whoever replaced it looks after the
    // replacement.
    const running = plan.services.filter((entry) => instances.has(entry.id));
    return running.map((entry) => {
      const instance = instances.get(entry.id);
      health.watchService(entry, instance);
      return { entry, instance };
    });
  }

  #faultsOf(entry: PlannedService) {
    return this.#parts.health.faultsOf(entry, (_, error) => this.#failed.resolve(error));
  }

  #lifecycle(): LifecycleOptions {
    const { after = systemAfter, drainMs = 10_000, stopMs = 10_000, onEvent } = this.#parts.options;
    return { after, drainMs, stopMs, onEvent: onEvent ?? (() => undefined) };
  }
}

/** Creates what stands behind a token. Singletons: a second call changes nothing. */
function createProviders(container: Container, token: SlotToken<unknown> | ListToken<unknown>): void {
  const key = identifier(token.key);
  if (!container.isBound(key)) return;
  try {
    if (token.cardinality === 'slot') container.get(key);
    else container.getAll(key);
  } catch (cause) {
    if (isCaissonError(cause) || cause instanceof InvariantError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CaissonError(
      'PLAN_INVALID',
      { problems: [`${token.name} cannot be created: ${reason}`] },
      { cause },
    );
  }
}
