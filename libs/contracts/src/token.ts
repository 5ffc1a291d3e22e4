/**
 * Tokens name services. A `slot` is provided by exactly one plugin, a `list` by any number (also none).
 *
 * `key` is a registered symbol, so two copies of a contracts package in one process mean the same service,
 * and an ordinary Inversify service identifier for people at home there. The type parameter exists for the
 * compiler only: a token of the wrong type does not fit where it is passed.
 */
export interface Token<T, Cardinality extends 'slot' | 'list' = 'slot' | 'list'> {
  readonly key: symbol;
  readonly name: string;
  readonly cardinality: Cardinality;
  /** Never present at run time; makes the service type part of the token's type, in both directions. */
  readonly '~service'?: (service: T) => T;
}

export type SlotToken<T> = Token<T, 'slot'>;
export type ListToken<T> = Token<T, 'list'>;

/** Asks for a service that may be missing: the consumer receives it or `undefined`. */
export interface OptionalToken<T> {
  readonly optional: true;
  readonly token: SlotToken<T>;
}

/** Exactly one provider. Names are unique in a process: `'<package>/<Interface>'` for third parties. */
export function slot<T>(name: string): SlotToken<T> {
  return { key: Symbol.for(`caisson:${name}`), name, cardinality: 'slot' };
}

/** Any number of providers; consumers receive an array in plan order, empty when there is none. */
export function list<T>(name: string): ListToken<T> {
  return { key: Symbol.for(`caisson:${name}`), name, cardinality: 'list' };
}

export function optional<T>(token: SlotToken<T>): OptionalToken<T> {
  return { optional: true, token };
}

/** What a service asks for, by the name under which `create` receives it. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- inference over tokens of every type
export type Needs = Readonly<Record<string, SlotToken<any> | ListToken<any> | OptionalToken<any>>>;

/** The services that `create` receives for `N`. */
export type Resolved<N extends Needs> = {
  readonly [Name in keyof N]: N[Name] extends OptionalToken<infer T>
    ? T | undefined
    : N[Name] extends Token<infer T, 'list'>
      ? readonly T[]
      : N[Name] extends Token<infer T, 'slot'>
        ? T
        : never;
};
