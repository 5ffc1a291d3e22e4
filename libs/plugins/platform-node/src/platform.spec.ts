import { Secret } from '@caisson/contracts';
import { toHex, toUtf8 } from '@caisson/base';
import fc from 'fast-check';
import { NodeClock } from './clock.js';
import { NodeHashes } from './hashes.js';
import { NodeRandom } from './random.js';

const hashes = new NodeHashes();
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

describe('hashes', () => {
  test('sha-256 of "abc" in any partition is the one of FIPS 180-4', () => {
    const expected = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(toHex(hashes.sha256(toUtf8('abc')))).toBe(expected);
    expect(toHex(hashes.sha256(toUtf8('a'), new Uint8Array(0), toUtf8('bc')))).toBe(expected);
  });

  test('hmac is the one of RFC 4231, case 2', () => {
    const mac = hashes.hmacSha256(
      new Secret(toUtf8('Jefe')),
      toUtf8('what do ya want '),
      toUtf8('for nothing?'),
    );
    expect(toHex(mac)).toBe('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843');
  });

  test('hkdf is the one of RFC 5869, cases 1 and 3', () => {
    const key = new Secret(new Uint8Array(22).fill(0x0b));
    const first = hashes.hkdfSha256(
      key,
      bytes('000102030405060708090a0b0c'),
      bytes('f0f1f2f3f4f5f6f7f8f9'),
      42,
    );
    expect(toHex(first.reveal())).toBe(
      '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    );
    const third = hashes.hkdfSha256(key, new Uint8Array(0), new Uint8Array(0), 42);
    expect(toHex(third.reveal())).toBe(
      '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
    );
  });

  test('equality holds for equal bytes alone, whatever their lengths', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
        expect(hashes.equal(a, b)).toBe(Buffer.compare(a, b) === 0);
        expect(hashes.equal(a, a.slice())).toBe(true);
      }),
    );
  });
});

describe('randomness', () => {
  const random = new NodeRandom();

  test('bytes are fresh memory of the asked length and differ between calls', () => {
    const first = random.bytes(32);
    expect(first).toHaveLength(32);
    expect(first.buffer.byteLength).toBe(32);
    expect(random.bytes(32)).not.toEqual(first);
    expect(random.bytes(0)).toHaveLength(0);
  });

  test('integers stay below their bound, up to the largest one allowed', () => {
    for (const below of [1, 2, 7, 2 ** 32]) {
      for (let round = 0; round < 100; round++) {
        const drawn = random.integer(below);
        expect(Number.isInteger(drawn) && drawn >= 0 && drawn < below).toBe(true);
      }
    }
    const drawn = new Set(Array.from({ length: 500 }, () => random.integer(3)));
    expect(drawn.size).toBe(3);
  });

  test('an impossible bound is a bug of the caller', () => {
    for (const below of [0, -1, 1.5, 2 ** 32 + 1, Number.NaN])
      expect(() => random.integer(below)).toThrow('PLATFORM-1');
  });
});

describe('clock', () => {
  const clock = new NodeClock();

  test('an aborted sleep rejects with the reason, also when aborted before', async () => {
    const reason = new Error('enough');
    const controller = new AbortController();
    const asleep = clock.sleep(60_000, controller.signal);
    controller.abort(reason);
    await expect(asleep).rejects.toBe(reason);
    await expect(clock.sleep(60_000, controller.signal)).rejects.toBe(reason);
  });

  test('a cancelled task never runs, one left alone runs once', async () => {
    const ran: string[] = [];
    const cancel = clock.after(1, () => ran.push('cancelled'));
    cancel();
    cancel();
    clock.after(1, () => ran.push('left alone'));
    await clock.sleep(20);
    expect(ran).toEqual(['left alone']);
  });

  test('a task later than any timer of the runtime is not taken for one that is due', async () => {
    const ran: string[] = [];
    const controller = new AbortController();
    const cancels = [2 ** 31, 2 ** 40].map((ms) => clock.after(ms, () => ran.push('early')));
    const asleep = clock.sleep(2 ** 32, controller.signal).then(
      () => ran.push('awake'),
      () => undefined,
    );
    await clock.sleep(30);
    for (const cancel of cancels) cancel();
    controller.abort();
    await asleep;
    expect(ran).toEqual([]);
  });

  test('the monotonic clock does not go back over a sleep', async () => {
    const before = clock.monotonicMs();
    await clock.sleep(2);
    expect(clock.monotonicMs()).toBeGreaterThan(before);
  });

  test('a turn lets work that is already queued go first', async () => {
    const order: string[] = [];
    setImmediate(() => order.push('queued'));
    await clock.turn().then(() => order.push('turned'));
    expect(order).toEqual(['queued', 'turned']);
  });
});
