import { CaissonError, type ErrorCode } from '@caisson/contracts';
import { withRetry } from './index.js';

function failing(codes: ErrorCode[]) {
  let attempts = 0;
  const attempt = async () => {
    const code = codes[attempts++];
    if (code) throw new CaissonError(code);
    return attempts;
  };
  return { attempt, attempts: () => attempts };
}

const repeatable = { repeatable: true, deadlineMs: 10_000 };

test('what the server did not do is repeated, also when it is not repeatable', async () => {
  const { attempt } = failing(['TOO_MANY_REQUESTS', 'ENCRYPTION_NOT_BOOTSTRAPPED', 'DRAINING']);
  await expect(withRetry({ ...repeatable, repeatable: false }, attempt)).resolves.toBe(4);
});

test('what may have happened is repeated only if repeating is safe, and is unknown otherwise', async () => {
  await expect(withRetry(repeatable, failing(['UNAVAILABLE', 'UNKNOWN_OUTCOME']).attempt)).resolves.toBe(3);
  const unsafe = failing(['UNAVAILABLE']);
  await expect(withRetry({ ...repeatable, repeatable: false }, unsafe.attempt)).rejects.toMatchObject({
    code: 'UNKNOWN_OUTCOME',
    cause: { code: 'UNAVAILABLE' },
  });
  expect(unsafe.attempts()).toBe(1);
});

test('an answer that will not change is not asked for again', async () => {
  const { attempt, attempts } = failing(['ENCRYPTED_READ_INTEGRITY']);
  await expect(withRetry(repeatable, attempt)).rejects.toMatchObject({ code: 'ENCRYPTED_READ_INTEGRITY' });
  expect(attempts()).toBe(1);
});

test('time being up is DEADLINE_EXCEEDED with the last failure as its cause', async () => {
  const attempt = async () => {
    throw new CaissonError('UNAVAILABLE');
  };
  await expect(withRetry({ repeatable: true, deadlineMs: 30 }, attempt)).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
    cause: { code: 'UNAVAILABLE' },
  });
});

test('a change whose time is up has an unknown outcome only if an attempt may have had its effect', async () => {
  const change = { repeatable: true, changes: true, deadlineMs: 30 };
  const failingWith = (error: CaissonError) => () => Promise.reject(error);
  const lost = new CaissonError('UNAVAILABLE');
  await expect(withRetry(change, failingWith(lost))).rejects.toMatchObject({
    code: 'UNKNOWN_OUTCOME',
    cause: { code: 'UNAVAILABLE' },
  });
  for (const harmless of [new CaissonError('UNAVAILABLE', { sent: false }), new CaissonError('NOT_LEADER')]) {
    await expect(withRetry(change, failingWith(harmless))).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      cause: { code: harmless.code },
    });
  }
  const errors = [lost, new CaissonError('NOT_LEADER')];
  const first = () => Promise.reject(errors.length > 1 ? errors.shift() : errors[0]);
  await expect(withRetry(change, first)).rejects.toMatchObject({ code: 'UNKNOWN_OUTCOME' });
  const slow = ({ signal }: { signal: AbortSignal }) =>
    new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  await expect(withRetry(change, slow)).rejects.toMatchObject({ code: 'UNKNOWN_OUTCOME' });
  await expect(withRetry({ ...change, changes: false }, slow)).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
  });
});

test('what was never sent is repeated, also when it is not repeatable', async () => {
  let attempts = 0;
  const attempt = async () => {
    if (++attempts === 1) throw new CaissonError('UNAVAILABLE', { sent: false });
    return attempts;
  };
  await expect(withRetry({ ...repeatable, repeatable: false }, attempt)).resolves.toBe(2);
});

test('the caller’s signal ends the repeating', async () => {
  const controller = new AbortController();
  const attempt = async () => {
    controller.abort();
    throw new CaissonError('UNAVAILABLE');
  };
  await expect(withRetry({ ...repeatable, signal: controller.signal }, attempt)).rejects.toMatchObject({
    code: 'CANCELLED',
  });
});

test('a deadline longer than any timer waits, and one that is no time is refused', async () => {
  for (const deadlineMs of [Infinity, 1e11]) {
    const remaining = async (limits: { deadlineMs: number }) => limits.deadlineMs;
    const left = await withRetry({ repeatable: true, deadlineMs }, remaining);
    expect(left).toBeGreaterThan(2 ** 30);
    expect(left).toBeLessThan(2 ** 31);
  }
  for (const deadlineMs of [NaN, -1]) {
    await expect(withRetry({ repeatable: true, deadlineMs }, async () => 1)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { field: 'deadlineMs' },
    });
  }
});
