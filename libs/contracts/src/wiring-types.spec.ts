/**
 * Wiring that is wrong must not compile: each marked line is an error for the compiler, checked by
 * `typecheck`.
 */
import { Clock, definePlugin, Gateway, list, Logger, optional, service, slot } from './index.js';

interface Thing {
  readonly size: number;
}

const Thing = slot<Thing>('types/Thing');
const Things = list<Thing>('types/Things');

test('create receives exactly what is asked for, in the right types', () => {
  const wired = service({
    provides: Thing,
    needs: { clock: Clock, things: Things, logger: optional(Logger) },
    create: ({ clock, things, logger }) => {
      logger?.log('info', 'made');
      return { size: clock.nowMs() + things.length };
    },
  });
  const made = wired.create({ clock: { nowMs: () => 1 }, things: [{ size: 0 }] }, {} as never);
  expect(made).toEqual({ size: 2 });
});

test('hooks receive what create returned, consumers what the token promises', () => {
  class Growing implements Thing {
    size = 1;
    grow(): void {
      this.size++;
    }
  }
  const wired = service({ provides: Thing, create: () => new Growing(), start: (growing) => growing.grow() });
  const made = wired.create({}, {} as never);
  wired.start?.(made, new AbortController().signal);
  expect(made.size).toBe(2);
});

test('wrong wiring does not compile', () => {
  const wrong = () => [
    // @ts-expect-error what create returns is not what the token promises
    service({ provides: Thing, create: () => ({ size: 'big' }) }),
    // @ts-expect-error nothing called `clock` was asked for
    service({ provides: Thing, create: ({ clock }) => ({ size: clock.nowMs() }) }),
    service({
      provides: Thing,
      needs: { logger: optional(Logger) },
      // @ts-expect-error an optional service may be missing
      create: ({ logger }) => ({ size: logger.log.length }),
    }),
    // @ts-expect-error a list arrives as an array
    service({ provides: Thing, needs: { things: Things }, create: ({ things }) => ({ size: things.size }) }),
    // @ts-expect-error start receives the service itself
    service({ provides: Thing, create: () => ({ size: 1 }), start: (gateway: Gateway) => void gateway.name }),
    // @ts-expect-error a list cannot be asked for as optional: it is empty instead
    service({ provides: Thing, needs: { things: optional(Things) }, create: () => ({ size: 1 }) }),
    // @ts-expect-error a plugin has an id
    definePlugin({ contracts: 1, services: () => [] }),
  ];
  expect(wrong).toBeInstanceOf(Function);
});
