import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { CaissonError } from './errors/caisson-error.js';
import type { HealthReport } from './probe.js';
import type { ListToken, Needs, Resolved, SlotToken } from './token.js';

/** Generation of these contracts. A host refuses plugins built for another one. */
export const CONTRACTS_VERSION = 1;

/**
 * How a running service reports what happened to it outside any call.
 *
 * `degraded` keeps the host running and shows in its health until `recovered`; `fatal` drains what can be
 * drained and ends the process non-zero. A stateful service is never restarted in-process.
 */
export interface Faults {
  degraded(reason: string): void;
  recovered(): void;
  fatal(error: CaissonError): void;
}

/**
 * One service: what it provides, what it needs, and how it lives.
 *
 * `create` does no IO and starts nothing: a plan can be created and thrown away. `start` runs in dependency
 * order and may fail; then every service started before it is stopped in reverse. `drain` refuses new work
 * and finishes what is in flight. `stop` runs in reverse order, within a bound, also after a failed `drain`.
 * Ordering follows from `needs` alone.
 */
export interface Service<T, N extends Needs = Needs, Own extends T = T> {
  readonly provides: SlotToken<T> | ListToken<T>;
  readonly needs?: N;
  /** May return more than the token promises: the other hooks receive `Own`, consumers see `T`. */
  create(needs: Resolved<N>, faults: Faults): Own;
  start?(service: Own, signal: AbortSignal): Promise<void> | void;
  drain?(service: Own, signal: AbortSignal): Promise<void> | void;
  stop?(service: Own): Promise<void> | void;
  /** Cheap and synchronous; called on every health request. */
  health?(service: Own): HealthReport;
}

/** A service with its types forgotten: what plugins list and hosts run. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- erased on purpose, see service()
export type AnyService = Service<any, any, any>;

/**
 * Ties `create`, `start` and the rest to `provides` and `needs`: wiring that does not fit does not compile.
 */
export function service<T, Own extends T, const N extends Needs = Record<never, never>>(
  definition: Service<T, N, Own>,
): AnyService {
  return definition;
}

/**
 * A plugin: an id, a schema for its section of the configuration, and services.
 *
 * `modules` is the escape hatch for people at home in Inversify: raw `ContainerModule`s, loaded after the
 * services of all plugins and before anything is resolved. Its type is `unknown` here because contracts do
 * not depend on the container.
 */
export interface Plugin<Config = unknown> {
  /** kebab-case `kind-variant`; also the name of its configuration section. */
  readonly id: string;
  readonly contracts: number;
  readonly config?: StandardSchemaV1<unknown, Config>;
  services(config: Config): readonly AnyService[];
  modules?(config: Config): readonly unknown[];
}

export function definePlugin<Config>(plugin: Plugin<Config>): Plugin<Config> {
  return plugin;
}
