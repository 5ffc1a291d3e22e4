import { createDeferred } from '@caisson/base';
import type { Life } from './life.js';

/** What contracts answer at once; everything else is a promise. */
const AT_ONCE: ReadonlySet<PropertyKey> = new Set(['batch', 'view', 'scan', 'put', 'delete', 'join', 'next']);

type Method = (...args: readonly unknown[]) => unknown;

/**
 * What outlives a process, as one run of the process sees it: logs, stores, a disk.
 *
 * Once the run is over, calls have no effect and are never answered, and neither are those under way: what a
 * dead process would have done next does not happen. What calls answer with, such as an open file, is as
 * mortal.
 */
export function mortal<T extends object>(target: T, life: Life): T {
  // A method is asked for with every call of it, and is wrapped once.
  const wrapped = new Map<PropertyKey, readonly [member: object, call: Method]>();
  const wrap = (name: PropertyKey, member: Method): Method => {
    const call = (args: readonly unknown[]) => Reflect.apply(member, target, args);
    if (!AT_ONCE.has(name)) return (...args) => outlived(() => call(args), life);
    return (...args) => {
      const answer = call(args);
      return answer === target ? seen : asMortal(answer, life);
    };
  };
  const seen: T = new Proxy(target, {
    get(_target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      const known = wrapped.get(name);
      if (known?.[0] === member) return known[1];
      const call = wrap(name, member as Method);
      wrapped.set(name, [member, call]);
      return call;
    },
  });
  return seen;
}

/** Settles like `work` as long as the process lives to hear it. */
export function whileAlive<T>(work: Promise<T>, life: Life): Promise<T> {
  const { promise, resolve, reject } = createDeferred<T>();
  work.then(
    (value) => life.run(() => void (life.isOver || resolve(value))),
    (error: unknown) => life.run(() => void (life.isOver || reject(error))),
  );
  return promise;
}

function outlived(call: () => unknown, life: Life): Promise<unknown> {
  const last = life.call();
  if (last === 'before') life.end();
  if (life.isOver) return new Promise<unknown>(() => undefined);
  const answer = Promise.resolve(call());
  if (last === 'after') life.endWith(answer);
  return whileAlive(answer, life).then((value) => asMortal(value, life));
}

function asMortal(answer: unknown, life: Life): unknown {
  if (answer instanceof Promise) return whileAlive(answer, life).then((value) => asMortal(value, life));
  return hasMethods(answer) ? mortal(answer, life) : answer;
}

function hasMethods(answer: unknown): answer is object {
  if (typeof answer !== 'object' || answer === null) return false;
  if (answer instanceof Uint8Array || Array.isArray(answer)) return false;
  const isPlain = Object.getPrototypeOf(answer) === Object.prototype;
  return !isPlain || Object.values(answer).some((member) => typeof member === 'function');
}
