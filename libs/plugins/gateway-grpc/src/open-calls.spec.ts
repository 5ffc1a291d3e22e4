import { createDeferred } from '@caisson/base';
import { ManualClock } from '@caisson/compliance';
import type { CaissonError } from '@caisson/contracts';
import type { handleUnaryCall, sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import { EventEmitter } from 'node:events';
import { CallAudit } from './audit/call-audit.js';
import { OpenCalls } from './open-calls.js';

class Bench {
  readonly calls = new OpenCalls({
    clock: new ManualClock(),
    deadlineMs: 1000,
    audit: new CallAudit({ audit: undefined, nameOf: () => 'ada', require: () => undefined }),
    onAnswered: () => undefined,
  });
  readonly answer = createDeferred<string>();
  readonly call = Object.assign(new EventEmitter(), { request: 'question', getDeadline: () => Infinity });
  signal!: AbortSignal;

  readonly #handle: handleUnaryCall<string, string> = this.calls.unary('reader', (_, signal) => {
    this.signal = signal;
    return this.answer.promise;
  });

  /** Resolves once the call is answered. */
  start(): Promise<unknown> {
    return new Promise((resolve) => {
      const done: sendUnaryData<string> = (error, value) => resolve(error ?? value);
      this.#handle(this.call as unknown as ServerUnaryCall<string, string>, done);
    });
  }
}

test('a caller who gives up ends the work for the call', async () => {
  const bench = new Bench();
  const answered = bench.start();
  await Promise.resolve();
  bench.call.emit('cancelled');
  expect((bench.signal.reason as CaissonError).code).toBe('CANCELLED');
  bench.answer.reject(bench.signal.reason);
  await answered;
});

test('the end of an answered call is no cancellation', async () => {
  const bench = new Bench();
  const answered = bench.start();
  expect(bench.calls.count).toBe(1);
  bench.answer.resolve('answer');
  expect(await answered).toBe('answer');
  while (bench.calls.count > 0) await Promise.resolve();
  bench.call.emit('cancelled');
  expect(bench.signal.aborted).toBe(false);
});
