import fc from 'fast-check';
import { parseRecord, printRecord } from './records.js';

test('what is printed parses to the same bytes, whatever they are', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(bytes, bytes, (key, value) => {
      const parsed = parseRecord(printRecord(key, value), 1);
      expect(Buffer.from(parsed.key).equals(Buffer.from(key))).toBe(true);
      expect(Buffer.from(parsed.value!).equals(Buffer.from(value))).toBe(true);
    }),
  );
});

test('a malformed line is refused by number and field, and never quoted', () => {
  const refused = [
    ['no json', 'line'],
    ['"text"', 'line'],
    ['{"value":"secret"}', 'key'],
    ['{"key":"k"}', 'value'],
    ['{"key":"k","valueBase64":"not base64!"}', 'value'],
    ['{"key":"k","value":"secret","ttlMs":-1}', 'ttlMs'],
  ] as const;
  for (const [line, field] of refused) {
    expect(() => parseRecord(line, 7)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ line: 7, field }) }),
    );
    expect(() => parseRecord(line, 7)).not.toThrow(/secret|not base64/);
  }
});
