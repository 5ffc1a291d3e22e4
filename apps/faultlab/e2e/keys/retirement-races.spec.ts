import { SeededRandom } from '@caisson/compliance';
import {
  type BackupPart,
  BackupService,
  isCaissonError,
  type KeyLifecycleService,
  type KeyProgress,
} from '@caisson/contracts';
import { Lab } from '../faults/lab.js';
import type { LabNode } from '../faults/node.js';

const STEPS = 50;
const PATIENCE_MS = 8000;
const ENGINE = { compaction: { entries: 16, keepEntries: 4 } };

let lab: Lab;
afterEach(() => lab.end());

async function drain(steps: AsyncIterable<KeyProgress>): Promise<void> {
  for await (const { step } of steps) void step;
}

/**
 * Keys are rotated, rewritten away from, suspended, brought back and erased in any order, while values are
 * written, backups are taken slowly, and nodes die and come back.
 */
class Race {
  readonly written = new Map<string, string>();
  readonly surprises: string[] = [];
  readonly done = new Map<string, number>();
  readonly #random: SeededRandom;
  readonly #pending = new Set<Promise<void>>();
  #isOneDown = false;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  async run(): Promise<void> {
    for (let step = 0; step < STEPS; step++) {
      this.#write(step % 25, step);
      const [name, action] = this.#pick(this.#actions);
      this.#begin(name, action);
      await lab.pass(this.#random.integer(80));
    }
    await lab.settled(Promise.all(this.#pending));
  }

  get #actions(): readonly (readonly [string, () => Promise<unknown>])[] {
    return [
      ['rotate', () => this.#order((keys) => keys.rotate({ purpose: this.#pick(['storage', 'raft']) }, {}))],
      ['rewrite', () => this.#everywhere('start')],
      ['rewrite', () => this.#everywhere('start')],
      ['scrub', () => this.#order((keys) => keys.scrub({}, {}))],
      ['suspend', () => this.#ended('retiring', (keys, keyId) => keys.retire({ keyId }, {}))],
      ['suspend', () => this.#ended('retiring', (keys, keyId) => keys.retire({ keyId }, {}))],
      ['erase', () => this.#ended('suspended', (keys, keyId) => keys.retire({ keyId, erase: true }, {}))],
      ['erase', () => this.#ended('suspended', (keys, keyId) => keys.retire({ keyId, erase: true }, {}))],
      ['resume', () => this.#ended('suspended', (keys, keyId) => keys.resume({ keyId }, {}))],
      ['backup', () => this.#backUp(this.#pick(lab.up))],
      ['restart', () => this.#restart()],
    ];
  }

  #begin(name: string, action: () => Promise<unknown>): void {
    const work = Promise.race([action(), lab.clock.sleep(PATIENCE_MS)]).then(
      () => void this.done.set(name, (this.done.get(name) ?? 0) + 1),
      (error: unknown) => {
        // Typed failures are answers: whoever ordered goes on with something else.
        if (!isCaissonError(error) || error.code === 'INTERNAL')
          this.surprises.push(`${name}: ${String(error)}`);
      },
    );
    this.#pending.add(work);
    void work.then(() => this.#pending.delete(work));
  }

  #write(at: number, step: number): void {
    const [key, value] = [`k${at}`, `value of step ${step}`];
    this.written.set(key, value);
    this.#pending.add(lab.write(key, value));
  }

  async #order(carryOut: (keys: KeyLifecycleService) => AsyncIterable<KeyProgress>): Promise<void> {
    await drain(carryOut((await lab.led()).keys));
  }

  /** Some key in that state comes to an end, or not. */
  async #ended(
    state: 'retiring' | 'suspended',
    carryOut: (keys: KeyLifecycleService, keyId: number) => AsyncIterable<KeyProgress>,
  ): Promise<void> {
    const { encryption, keys } = await lab.led();
    const candidates = encryption.keys.filter((key) => key.state === state);
    if (candidates.length > 0) await drain(carryOut(keys, this.#pick(candidates).keyId));
  }

  async #everywhere(action: 'start'): Promise<void> {
    for (const { keys } of lab.up) await keys.rewrite({ action, bytesPerSecond: 0 }, {});
  }

  /** A client that takes its time. */
  async #backUp(node: LabNode): Promise<void> {
    const parts: BackupPart['kind'][] = [];
    for await (const { kind } of node.host.get(BackupService).create({})) {
      parts.push(kind);
      await lab.clock.sleep(this.#random.integer(200));
    }
    if (parts.at(-1) !== 'manifest') throw new RangeError('a backup without an end');
  }

  async #restart(): Promise<void> {
    if (this.#isOneDown) return;
    this.#isOneDown = true;
    const node = this.#pick(lab.nodes);
    node.kill();
    await lab.clock.sleep(this.#random.integer(400));
    await node.start();
    this.#isOneDown = false;
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#random.integer(from.length)]!;
  }
}

async function allUp(): Promise<void> {
  for (const node of lab.nodes) if (node.isDown) await lab.settled(node.start());
  await lab.even();
}

/** What all replicas have alike. */
async function replicated(node: LabNode): Promise<ReadonlyMap<string, string>> {
  const rows = await lab.rows(node);
  return new Map([...rows].filter(([key]) => !key.startsWith('06')));
}

/** One after the other, until every key that is not in use is gone. */
async function endAll(): Promise<number> {
  const { keys, encryption } = await lab.led();
  for (const node of lab.nodes) {
    const ask = (action: 'start' | 'look') =>
      lab.settled(node.keys.rewrite({ action, bytesPerSecond: 0 }, {}));
    let progress = await ask('start');
    for (; progress.some(({ state }) => state !== 'finished'); await lab.pass(10))
      progress = await ask('look');
  }
  await lab.settled(drain(keys.scrub({}, {})));
  const old = encryption.keys.filter(({ state }) => state === 'retiring' || state === 'suspended');
  for (const { keyId } of old) {
    await lab.settled(drain(keys.retire({ keyId }, {})));
    await lab.settled(drain(keys.retire({ keyId, erase: true }, {})));
  }
  return old.length;
}

test.each([1, 2, 3, 4])('race %i about the ends of keys loses no value and stops nobody', async (seed) => {
  lab = await Lab.of(3, { seed, engine: ENGINE });
  await lab.grow('learner');
  const race = new Race(seed);
  await race.run();
  await allUp();
  const ended = await endAll();
  await lab.even();
  expect([ended + (race.done.get('erase') ?? 0) > 0, race.surprises]).toEqual([true, []]);
  for (const node of lab.nodes) {
    expect([node.name, node.fatal]).toEqual([node.name, undefined]);
    expect(node.encryption.keys.map(({ state }) => state)).toEqual(['active', 'active']);
    const pairs = await lab.pairs(node);
    expect([...race.written.keys()].filter((key) => !pairs.has(key))).toEqual([]);
  }
  const rows = await Promise.all(lab.nodes.map(replicated));
  for (const other of rows) expect(other).toEqual(rows[0]);
});
