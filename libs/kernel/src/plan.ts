import type { AnyService, ListToken, Needs, OptionalToken, SlotToken } from '@caisson/contracts';
import type { ConfiguredPlugin } from './configure.js';
import { Problems } from './problems.js';

/** One service of one plugin, in the order in which it starts. */
export interface PlannedService {
  /** `plugin/Token`, with `#n` behind when one plugin provides a token several times. */
  readonly id: string;
  readonly pluginId: string;
  readonly service: AnyService;
  readonly needs: readonly PlannedNeed[];
}

export interface PlannedNeed {
  readonly name: string;
  readonly token: SlotToken<unknown> | ListToken<unknown>;
  readonly optional: boolean;
  /** Ids of the services that satisfy it; empty for what the host itself or a raw module provides. */
  readonly providers: readonly string[];
}

export interface Plan {
  /** Dependencies before dependents; services without a relation keep the order of the plugins. */
  readonly services: readonly PlannedService[];
  /** Slots that no plugin provides. A raw module may still bind them: see `refuseMissing`. */
  readonly missing: readonly { readonly serviceId: string; readonly token: SlotToken<unknown> }[];
}

/**
 * Fits the services together from `needs` alone.
 *
 * A slot with two providers and a cycle are `PLAN_INVALID`; all of them are reported at once, by the names of
 * plugins and services.
 */
export function makePlan(plugins: readonly ConfiguredPlugin[]): Plan {
  const problems = new Problems('PLAN_INVALID');
  const entries = collect(plugins);
  const providers = groupByToken(entries);
  for (const [, provided] of providers) {
    const [first, second] = provided;
    if (second && first && first.service.provides.cardinality === 'slot') {
      const ids = provided.map((entry) => entry.pluginId).join(', ');
      problems.add(`${first.service.provides.name} is a slot and has several providers: ${ids}`);
    }
  }
  const services = order(
    entries.map((entry) => resolveNeeds(entry, providers)),
    problems,
  );
  problems.throwIfAny();
  return { services, missing: services.flatMap(missingOf) };
}

/** `PLAN_INVALID` for every missing slot that nobody bound outside the plan either. */
export function refuseMissing(plan: Plan, isBound: (key: symbol) => boolean): void {
  const problems = new Problems('PLAN_INVALID');
  for (const { serviceId, token } of plan.missing) {
    if (!isBound(token.key)) problems.add(`${serviceId} needs ${token.name}, and no plugin provides it`);
  }
  problems.throwIfAny();
}

function missingOf(entry: PlannedService) {
  return entry.needs
    .filter((need) => need.token.cardinality === 'slot' && !need.optional && need.providers.length === 0)
    .map((need) => ({ serviceId: entry.id, token: need.token as SlotToken<unknown> }));
}

function collect(plugins: readonly ConfiguredPlugin[]): PlannedService[] {
  return plugins.flatMap(({ plugin, services }) => {
    const counts = new Map<string, number>();
    return services.map((service) => {
      const name: string = service.provides.name;
      const nth = (counts.get(name) ?? 0) + 1;
      counts.set(name, nth);
      const id = `${plugin.id}/${name}${nth > 1 ? `#${nth}` : ''}`;
      return { id, pluginId: plugin.id, service, needs: [] };
    });
  });
}

function groupByToken(entries: readonly PlannedService[]): Map<symbol, PlannedService[]> {
  const groups = new Map<symbol, PlannedService[]>();
  for (const entry of entries) {
    const group = groups.get(entry.service.provides.key) ?? [];
    group.push(entry);
    groups.set(entry.service.provides.key, group);
  }
  return groups;
}

function resolveNeeds(
  entry: PlannedService,
  providers: ReadonlyMap<symbol, readonly PlannedService[]>,
): PlannedService {
  const needs = Object.entries((entry.service.needs ?? {}) as Needs).map(([name, need]) => {
    const optional = isOptional(need);
    const token = optional ? need.token : need;
    const found = providers.get(token.key) ?? [];
    return { name, token, optional, providers: found.map((provider) => provider.id) };
  });
  return { ...entry, needs };
}

function isOptional(
  need: SlotToken<unknown> | ListToken<unknown> | OptionalToken<unknown>,
): need is OptionalToken<unknown> {
  return 'optional' in need;
}

function order(entries: readonly PlannedService[], problems: Problems): PlannedService[] {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const ordered: PlannedService[] = [];
  const done = new Set<string>();
  const visit = (entry: PlannedService, path: readonly string[]): void => {
    if (done.has(entry.id)) return;
    const at = path.indexOf(entry.id);
    if (at >= 0) {
      problems.add(`services need each other in a cycle: ${[...path.slice(at), entry.id].join(' → ')}`);
      return;
    }
    for (const need of entry.needs) {
      for (const provider of need.providers) visit(byId.get(provider)!, [...path, entry.id]);
    }
    if (done.has(entry.id)) return;
    done.add(entry.id);
    ordered.push(entry);
  };
  for (const entry of entries) visit(entry, []);
  return ordered;
}
