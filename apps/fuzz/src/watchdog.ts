import { Worker } from 'node:worker_threads';

/** After so long without a sign of life the decoder at work hangs. */
const SILENCE_MS = 120_000;

/** Runs in a thread of its own, because the one with the decoders may never come back. */
const WATCH = `
const { workerData } = require('node:worker_threads');
const beat = new Int32Array(workerData.shared);
let seen = -1;
setInterval(() => {
  const now = Atomics.load(beat, 0);
  if (now === seen) {
    process._rawDebug('a decoder hangs behind input ' + now);
    process.kill(process.pid, 'SIGKILL');
  }
  seen = now;
}, ${SILENCE_MS});
`;

export interface Watchdog {
  /** That everything up to this input is done. */
  beat(done: number): void;
  stop(): Promise<unknown>;
}

/** Ends the process when nothing has moved for two minutes. */
export function watch(): Watchdog {
  const shared = new SharedArrayBuffer(4);
  const beats = new Int32Array(shared);
  const worker = new Worker(WATCH, { eval: true, workerData: { shared } });
  worker.unref();
  return {
    beat: (done) => void Atomics.store(beats, 0, done),
    stop: () => worker.terminate(),
  };
}
