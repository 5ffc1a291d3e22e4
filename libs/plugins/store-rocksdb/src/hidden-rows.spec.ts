import { compareBytes } from '@caisson/base';
import fc from 'fast-check';
import { fromDatabaseKey, isHidden, MARKER_PREFIX, toDatabaseKey, visibleStretches } from './hidden-rows.js';
import { compliance } from './index.js';

const keys = () =>
  fc.oneof(
    fc.uint8Array({ maxLength: 6 }),
    fc.constantFrom(
      Uint8Array.of(),
      Uint8Array.of(0),
      Uint8Array.of(0, 1),
      Uint8Array.of(0, 2),
      Uint8Array.of(6),
    ),
  );

test('database keys keep the order of keys, and lead back to them', () => {
  fc.assert(
    fc.property(keys(), keys(), (a, b) => {
      const [own, other] = [toDatabaseKey(a), toDatabaseKey(b)];
      expect(Math.sign(Buffer.compare(own, other))).toBe(Math.sign(compareBytes(a, b)));
      expect(compareBytes(fromDatabaseKey(own), a)).toBe(0);
      expect(isHidden(own)).toBe(false);
    }),
  );
});

test('stretches of a range hold exactly its keys, and none of our own rows', () => {
  fc.assert(
    fc.property(keys(), keys(), keys(), (from, to, key) => {
      const inside = compareBytes(key, from) >= 0 && compareBytes(key, to) < 0;
      const own = toDatabaseKey(key);
      const stretches = visibleStretches({ from, to });
      const held = stretches.some(
        (each) => Buffer.compare(own, each.from) >= 0 && Buffer.compare(own, each.to!) < 0,
      );
      expect(held).toBe(inside);
      const marker = Buffer.concat([MARKER_PREFIX, Buffer.alloc(8)]);
      for (const each of stretches) {
        expect(Buffer.compare(marker, each.from) >= 0 && Buffer.compare(marker, each.to!) < 0).toBe(false);
      }
    }),
  );
});

test('STORE-3: a row of the store itself is not written from outside', async () => {
  const harness = await compliance.kits[0].harness();
  const store = await harness.stores.open(harness.directory('main'));
  const marker = Buffer.concat([MARKER_PREFIX, Buffer.alloc(8)]);
  expect(() => store.batch().put(marker, Uint8Array.of(1))).toThrow('STORE-3');
  await harness.dispose();
});
