import { CaissonError, Health, type Faults } from '@caisson/contracts';
import { Container, ContainerModule, type ServiceIdentifier } from 'inversify';
import type { ConfiguredPlugin } from './configure.js';
import type { PlannedNeed, PlannedService } from './plan.js';

/** Instances by service id, filled as the container creates them. */
export type Instances = Map<string, unknown>;

export interface Assembly {
  readonly faultsOf: (service: PlannedService) => Faults;
  readonly instances: Instances;
}

/**
 * A container without a parent, children, names or asynchronous bindings: those are where its traps lie.
 * `jitless` because a node resolves each service once, and so that no code is generated at run time.
 */
export function createContainer(health: Health): Container {
  const container = new Container({ defaultScope: 'Singleton', jitless: true });
  container.bind(identifier<Health>(Health.key)).toConstantValue(health);
  return container;
}

/** Binds each plugin's services as one module. Nothing is created yet. */
export async function bindServices(
  container: Container,
  services: readonly PlannedService[],
  assembly: Assembly,
): Promise<void> {
  const byPlugin = new Map<string, PlannedService[]>();
  for (const entry of services)
    byPlugin.set(entry.pluginId, [...(byPlugin.get(entry.pluginId) ?? []), entry]);
  for (const entries of byPlugin.values()) await container.loadAsync(moduleOf(entries, assembly));
}

/** Loads the raw modules of the escape hatch; they may bind, unbind and rebind whatever they like. */
export async function loadRawModules(
  container: Container,
  plugins: readonly ConfiguredPlugin[],
): Promise<void> {
  for (const { plugin, modules } of plugins) {
    for (const module of modules) {
      try {
        await container.loadAsync(module as ContainerModule);
      } catch (cause) {
        const problems = [`a container module of ${plugin.id} does not load: ${messageOf(cause)}`];
        throw new CaissonError('PLAN_INVALID', { problems }, { cause });
      }
    }
  }
}

export function identifier<T>(key: symbol): ServiceIdentifier<T> {
  return key as ServiceIdentifier<T>;
}

function moduleOf(entries: readonly PlannedService[], { faultsOf, instances }: Assembly): ContainerModule {
  return new ContainerModule(({ bind }) => {
    for (const entry of entries) {
      const create = (...resolved: unknown[]): unknown => {
        const needs = Object.fromEntries(entry.needs.map((need, at) => [need.name, resolved[at]]));
        const instance = entry.service.create(needs, faultsOf(entry));
        instances.set(entry.id, instance);
        return instance;
      };
      bind(identifier(entry.service.provides.key))
        .toResolvedValue(create, entry.needs.map(injection) as never)
        .inSingletonScope();
    }
  });
}

function injection(need: PlannedNeed): unknown {
  const serviceIdentifier = identifier(need.token.key);
  if (need.token.cardinality === 'list') return { serviceIdentifier, isMultiple: true, optional: true };
  return need.optional ? { serviceIdentifier, optional: true } : serviceIdentifier;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
