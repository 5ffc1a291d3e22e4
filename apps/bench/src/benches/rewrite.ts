import { EncryptionClient } from '@caisson/client';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { pipelined } from '../load/caisson-targets.js';
import { drive, keyAt, type Run } from '../load/drive.js';
import { fill } from '../load/fill.js';
import type { KvTarget } from '../load/kv-target.js';
import type { Bench, BenchOptions } from '../measure.js';
import { CaissonNode } from '../processes/caisson-node.js';
import { Closing, inWorkspace } from '../processes/workspace.js';
import { Results } from '../results.js';

const VALUE_BYTES = 4096;
/** As much as the default rate rewrites in half a minute. */
const STORED_BYTES = 256 * 1024 ** 2;
const MEBIBYTE = 1024 ** 2;
const CLIENTS = 16;
const OPERATIONS_PER_RUN = 8_000;
const LOOK_EVERY_MS = 50;
/** That of the product, ordered aloud: the run before had none. */
const DEFAULT_RATE = 8 * MEBIBYTE;

const SPEED = { name: 'rewriting, without limit and alone', unit: 'MiB/s' };
const PACED = { name: 'rewriting at the default rate, beside clients', unit: 'MiB/s' };
const P99 = { unit: 'ms', against: 'nothing is rewritten', budget: { atMost: 1.5 } };
const PUTS = { ...P99, name: 'p99 of puts meanwhile' };
const GETS = { ...P99, name: 'p99 of gets meanwhile' };

/** A node that moves what it stores to a new key while clients put and get, and while they do not. */
export const rewrite: Bench = {
  id: 'rewrite',
  compares: 're-encryption in the background; p99 latency of 16 clients meanwhile, against that in peace',
  run: (options) =>
    inWorkspace(options.folder, (folder) =>
      Closing.during(async (closing) => measure(await RewritingNode.start(folder, closing), options)),
    ),
};

async function measure(node: RewritingNode, { scale, pairs, tell }: BenchOptions) {
  const keys = Math.max(500, Math.floor((STORED_BYTES * scale) / VALUE_BYTES));
  const operations = Math.max(10 * CLIENTS, Math.floor(OPERATIONS_PER_RUN * scale));
  tell(`filling ${keys} values of ${VALUE_BYTES} bytes`);
  await node.fill(keys);
  const results = new Results();
  for (let pair = -1; pair < pairs; pair++) {
    tell(pair < 0 ? 'warming up' : `pair ${pair + 1}`);
    const alone = await node.rewriteAll();
    const peace = await node.serve(keys, operations);
    const [busy, paced] = await node.serveWhileRewriting(keys, operations);
    if (pair < 0) continue;
    results.add(SPEED, alone);
    results.add(PACED, paced);
    results.add(PUTS, busy.put.p99Ms, peace.put.p99Ms);
    results.add(GETS, busy.get.p99Ms, peace.get.p99Ms);
  }
  return results.list();
}

interface Served {
  readonly put: Run;
  readonly get: Run;
}

class RewritingNode {
  readonly #address: string;
  readonly #keys: EncryptionClient;
  readonly #target: KvTarget;
  readonly #value = new Uint8Array(randomBytes(VALUE_BYTES));

  private constructor(address: string, keys: EncryptionClient, target: KvTarget) {
    this.#address = address;
    this.#keys = keys;
    this.#target = target;
  }

  static async start(folder: string, closing: Closing): Promise<RewritingNode> {
    const node = await CaissonNode.start(join(folder, 'node'));
    closing.add(() => node.end());
    const keys = new EncryptionClient({ addresses: [node.address] });
    closing.add(() => keys.close());
    const target = pipelined(node.address);
    closing.add(() => target.close());
    return new RewritingNode(node.address, keys, target);
  }

  fill(keys: number): Promise<void> {
    return fill(this.#address, { keys, versionsPerKey: 1, valueBytes: VALUE_BYTES });
  }

  /** Puts and gets in turn, by the same clients. */
  async serve(keys: number, operations: number): Promise<Served> {
    const work = { operations, atOnce: CLIENTS };
    const put = await drive(work, (at) => this.#target.put(keyAt(at % keys), this.#value));
    const get = await drive(work, (at) => this.#target.get(keyAt(at % keys)));
    return { put, get };
  }

  /** At what speed everything moves to a new key where nothing holds it back, in MiB per second. */
  async rewriteAll(): Promise<number> {
    await this.#rotate();
    const start = performance.now();
    await this.#keys.rewrite({ action: 'start', bytesPerSecond: 0 });
    const values = await this.#rewritten();
    return this.#speed(values, start);
  }

  /** Clients are served beside it; what did not get its turn by then stays under the old key. */
  async serveWhileRewriting(keys: number, operations: number): Promise<readonly [Served, number]> {
    await this.#rotate();
    const start = performance.now();
    await this.#keys.rewrite({ action: 'start', bytesPerSecond: DEFAULT_RATE });
    const served = await this.serve(keys, operations);
    const { done } = await this.#progress();
    const speed = this.#speed(done, start);
    await this.#keys.rewrite({ action: 'cancel' });
    return [served, speed];
  }

  #speed(values: number, start: number): number {
    return (values * VALUE_BYTES * 1000) / MEBIBYTE / (performance.now() - start);
  }

  async #rotate(): Promise<void> {
    for await (const _ of this.#keys.rotate('storage')) void _;
  }

  async #rewritten(): Promise<number> {
    for (;;) {
      const { state, done } = await this.#progress();
      // What was replaced leaves the files afterwards, which is no matter of re-encryption.
      if (state === 'finished' || state === 'scrubbing') return done;
      if (state === 'failed' || state === 'stopped') throw new RangeError(`rewriting has ${state}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  async #progress() {
    const [progress] = await this.#keys.rewrite({ action: 'look' });
    return progress!;
  }
}
