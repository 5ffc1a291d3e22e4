import { isCaissonError } from '@caisson/contracts';
import { decodeHeader, encodeHeader, splitValue, TOMBSTONE } from './index.js';

const HEADERS = [0, 1, 2, 3].flatMap((bits) =>
  [0n, 1n, 0xffff_ffff_ffff_ffffn].map((at) => [bits, at] as const),
);

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return isCaissonError(error) ? error.code : 'no operating error';
  }
}

test.each(HEADERS)('bits %i with expiry %s survive, whatever follows them', (bits, expireAt) => {
  const header = { tombstone: (bits & 1) !== 0, state: bits & 2 ? 'sealed' : 'clear', expireAt } as const;
  const stored = new Uint8Array([...encodeHeader(header), 1, 2, 3]);
  expect(stored[0]).toBe(bits);
  expect(decodeHeader(stored)).toEqual(header);
});

test('every first byte with a bit that no version defines is refused', () => {
  for (let bits = 0; bits < 256; bits++) {
    const code = codeOf(() => decodeHeader(new Uint8Array([bits, 0, 0, 0, 0, 0, 0, 0, 0])));
    expect(code).toBe(bits < 4 ? undefined : 'ENCRYPTED_VALUE_RESERVED_STATE');
  }
});

test('the body never decides the state: a clear value that looks like an envelope stays clear', () => {
  const header = encodeHeader({ tombstone: false, state: 'clear', expireAt: 0n });
  const stored = new Uint8Array([...header, 1, 0, 0, 0, 0, 7]);
  expect(splitValue(stored)).toMatchObject({
    header: { state: 'clear' },
    body: new Uint8Array([1, 0, 0, 0, 0, 7]),
  });
});

test('a stored value that ends inside its header is damage, not absence', () => {
  for (let length = 0; length < 9; length++) {
    expect(codeOf(() => splitValue(new Uint8Array(length)))).toBe('ENCRYPTED_READ_INTEGRITY');
  }
});

test('a clear tombstone with a body or an expiry was edited', () => {
  expect(splitValue(TOMBSTONE).body).toHaveLength(0);
  expect(codeOf(() => splitValue(new Uint8Array([...TOMBSTONE, 0])))).toBe('ENCRYPTED_READ_INTEGRITY');
  const expiring = encodeHeader({ tombstone: true, state: 'clear', expireAt: 5n });
  expect(codeOf(() => splitValue(expiring))).toBe('ENCRYPTED_READ_INTEGRITY');
});

test('a sealed tombstone has a body: the envelope of an empty value', () => {
  const header = encodeHeader({ tombstone: true, state: 'sealed', expireAt: 0n });
  expect(splitValue(new Uint8Array([...header, 1, 2])).header).toMatchObject({
    tombstone: true,
    state: 'sealed',
  });
});
