import type { Harness, HarnessFactory } from '../case.js';

/**
 * A correct implementation with one promise broken. It proves that a kit can fail: a case that no mutant
 * fails examines nothing.
 */
export interface Mutant<H extends Harness> {
  readonly name: string;
  /** Ids of cases that must notice. */
  readonly breaks: readonly string[];
  readonly harness: HarnessFactory<H>;
}

type Method = (...args: readonly unknown[]) => unknown;

/**
 * `target` with some members replaced. Methods that return the target return the whole instead, so chains
 * hold.
 */
export function override<T extends object>(target: T, replaced: Partial<T>): T {
  // A method is asked for with every call of it, and is wrapped once.
  const wrapped = new Map<PropertyKey, readonly [member: object, call: Method]>();
  const whole: T = new Proxy(target, {
    get(_target, name) {
      if (Object.hasOwn(replaced, name)) return Reflect.get(replaced, name, whole);
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      const known = wrapped.get(name);
      if (known?.[0] === member) return known[1];
      const call: Method = (...args) => {
        const result: unknown = Reflect.apply(member, target, args);
        return result === target ? whole : result;
      };
      wrapped.set(name, [member, call]);
      return call;
    },
  });
  return whole;
}
