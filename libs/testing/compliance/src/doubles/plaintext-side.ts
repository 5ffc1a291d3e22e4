import type { OrderedStore, Store } from '@caisson/contracts';

/** A store as appliers and readers see it, with nothing sealed on the way. */
export function plaintextSide(store: OrderedStore): Store {
  return {
    side: 'plaintext',
    durable: true,
    get: (key) => store.get(key),
    view: (direction) => store.view(direction),
    batch: () => store.batch(),
    deleteRange: (range, limit) => store.deleteRange(range, limit),
  };
}
