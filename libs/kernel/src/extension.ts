import type { AnyService, Faults, ListToken, Needs, OptionalToken, SlotToken } from '@caisson/contracts';
import type { Container } from 'inversify';
import { identifier } from './assemble.js';

/** Services that were started beside the plan of a host. */
export interface Extension {
  /** In the order of the services they were made of. */
  readonly instances: readonly unknown[];
  /** Stops them in reverse. A failure keeps none from being stopped, and is thrown at the end. */
  stop(): Promise<void>;
}

interface Started {
  readonly service: AnyService;
  readonly instance: unknown;
}

/** When one fails to start, those before it are stopped, and its failure is thrown as it is. */
export async function extend(
  services: readonly AnyService[],
  { container, faults }: { readonly container: Container; readonly faults: Faults },
  signal: AbortSignal,
): Promise<Extension> {
  const started: Started[] = [];
  for (const service of services) {
    const instance: unknown = service.create(resolve(container, service), faults);
    started.push({ service, instance });
    try {
      await service.start?.(instance, signal);
    } catch (error) {
      await stopAll(started).catch(() => undefined);
      throw error;
    }
  }
  return { instances: started.map(({ instance }) => instance), stop: () => stopAll(started) };
}

async function stopAll(started: readonly Started[]): Promise<void> {
  const failures: unknown[] = [];
  for (const { service, instance } of [...started].reverse()) {
    try {
      await service.stop?.(instance);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

function resolve(container: Container, service: AnyService): Record<string, unknown> {
  const needs = Object.entries((service.needs ?? {}) as Needs);
  return Object.fromEntries(needs.map(([name, need]) => [name, valueOf(container, need)]));
}

function valueOf(container: Container, need: Needs[string]): unknown {
  const token = isOptional(need) ? need.token : need;
  const key = identifier(token.key);
  if (token.cardinality === 'list') return container.isBound(key) ? container.getAll(key) : [];
  return isOptional(need) && !container.isBound(key) ? undefined : container.get(key);
}

function isOptional(need: Needs[string]): need is OptionalToken<unknown> {
  return 'token' in (need as SlotToken<unknown> | ListToken<unknown> | OptionalToken<unknown>);
}
