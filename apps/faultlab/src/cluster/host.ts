import type { AnyService, Faults, ListToken, Token } from '@caisson/contracts';

/** A token with its type forgotten. */
type AnyToken = Pick<Token<never>, 'key' | 'cardinality'>;
type Need = AnyToken | { readonly optional: true; readonly token: AnyToken };

/** Something made by a service, or given. */
interface Made {
  readonly service: AnyService;
  /** As its service made it: what the service's own hooks get. */
  readonly own: unknown;
  readonly instance: unknown;
}

export interface HostParts {
  /** What the platform provides, by token: one thing, or a list for a token of many. */
  readonly given: readonly (readonly [AnyToken, unknown])[];
  readonly services: readonly AnyService[];
  readonly faults: Faults;
  /** Puts something around what services make. */
  readonly around: (token: string, instance: unknown) => unknown;
}

/** Services wired by their needs, as a server does it, without files and signals. */
export class Host {
  readonly #parts: HostParts;
  readonly #given: ReadonlyMap<symbol, unknown>;
  /** In an order in which each comes after what it needs. */
  readonly #made: Made[] = [];

  constructor(parts: HostParts) {
    this.#parts = parts;
    this.#given = new Map(parts.given.map(([token, value]) => [token.key, value]));
    for (const service of parts.services) this.#make(service);
  }

  get<T>(token: Token<T>): T {
    return this.#find(token) as T;
  }

  all<T>(token: ListToken<T>): readonly T[] {
    return this.#find(token) as readonly T[];
  }

  async start(): Promise<void> {
    const { signal } = new AbortController();
    for (const { own, service } of this.#made) await service.start?.(own, signal);
  }

  async stop(): Promise<void> {
    const { signal } = new AbortController();
    for (const { own, service } of this.#made.toReversed()) await service.drain?.(own, signal);
    for (const { own, service } of this.#made.toReversed()) await service.stop?.(own);
  }

  #make(service: AnyService): unknown {
    const made = this.#made.find((each) => each.service === service);
    if (made !== undefined) return made.instance;
    const needs = Object.entries((service.needs ?? {}) as Record<string, Need>);
    const resolved = needs.map(([name, need]) => [name, this.#resolve(need)] as const);
    const own: unknown = service.create(Object.fromEntries(resolved), this.#parts.faults);
    const instance = this.#parts.around(service.provides.name, own);
    this.#made.push({ service, own, instance });
    return instance;
  }

  #resolve(need: Need): unknown {
    return this.#find('token' in need ? need.token : need);
  }

  #find({ key, cardinality }: AnyToken): unknown {
    const providers = this.#parts.services.filter(({ provides }) => provides.key === key);
    const given = this.#given.get(key);
    if (cardinality === 'slot') return given ?? (providers[0] && this.#make(providers[0]));
    const more = (given ?? []) as readonly unknown[];
    return [...more, ...providers.map((service) => this.#make(service))];
  }
}
