import { SeededRandom } from '@caisson/compliance';
import { isCaissonError } from '@caisson/contracts';
import {
  crashImages,
  type CrashProfile,
  type DiskImage,
  type DiskOperation,
  fingerprintOf,
  SimulatedDisk,
} from '@caisson/simulator';
import { type Failure, failingDisk, failuresOf } from './failing-disk.js';

const TURN_EVERY = 16;

/** A protocol that must survive a crash at any moment. */
export interface Target<P> {
  readonly about: string;
  /** The disk before it begins. */
  prepare(): Promise<DiskImage>;
  /** Goes through it; `promise` tells what from now on no crash may take back. */
  run(disk: SimulatedDisk, promise: (promised: P) => void): Promise<void>;
  /**
   * Starts over a disk with the code of the product, and answers what is wrong with what it finds. A typed
   * error is a refusal.
   */
  recover(disk: SimulatedDisk, promised: P): Promise<string | undefined>;
  /** What is promised at the beginning. */
  readonly nothing: P;
}

export interface ExploreOptions {
  readonly profiles: readonly CrashProfile[];
  /** Images of one prefix, at most; above it they are drawn. */
  readonly bound: number;
  readonly depth: 1 | 2;
  /** Whether each operation also fails, in each way it may, before power is lost behind it or a later one. */
  readonly withErrors?: boolean;
  /** Nothing more is tried once it is aborted; what is left out is counted. */
  readonly signal?: AbortSignal;
  /** Recoveries at most; what is left out is counted. */
  readonly recoveriesMax: number;
  /** Failures after which nothing more is tried; none where nothing is said. */
  readonly failuresMax?: number;
  readonly seed: number;
  readonly onProgress?: (done: number, expected: number, recovered: number) => void;
}

export interface CrashFailure {
  readonly profile: CrashProfile;
  /** Operations up to the crash, and the last of them; for a crash during recovery both. */
  readonly at: readonly string[];
  readonly problem: string;
  readonly image: readonly string[];
}

/** What came of crashing everywhere. */
export interface CrashNumbers {
  readonly prefixes: number;
  /** Ways to lose power, before equal images are taken for one. */
  readonly ways: number;
  readonly images: number;
  /** Prefixes with more ways than the bound. */
  readonly sampled: number;
  readonly recovered: number;
  /** Runs in which one operation failed. */
  readonly errorRuns: number;
  readonly nestedPrefixes: number;
  readonly nestedImages: number;
  readonly nestedRecovered: number;
  readonly leftOut: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly failures: readonly CrashFailure[];
}

interface Recording {
  readonly failure?: Failure;
  /** Takes what is done to the disk, in its order. */
  readonly operations?: DiskOperation[];
}

interface Found<P> {
  readonly image: DiskImage;
  readonly promised: P;
  readonly profile: CrashProfile;
  readonly at: readonly string[];
}

/** Records a protocol, loses power behind each of its operations in every legal way, and recovers. */
export async function explore<P>(target: Target<P>, options: ExploreOptions): Promise<CrashNumbers> {
  return new Explorer(target, options).run();
}

/** Of two explorations that had nothing in common. */
export function sumOf(one: CrashNumbers, other: CrashNumbers): CrashNumbers {
  const refused = { ...one.refused };
  for (const [code, count] of Object.entries(other.refused)) refused[code] = (refused[code] ?? 0) + count;
  const failures = [...one.failures, ...other.failures];
  const counts = Object.entries(one).flatMap(([name, count]) => {
    return typeof count === 'number' ? [[name, count + (other[name as keyof CrashNumbers] as number)]] : [];
  });
  return { ...one, ...Object.fromEntries(counts), refused, failures };
}

class Explorer<P> {
  readonly #target: Target<P>;
  readonly #options: ExploreOptions;
  readonly #random: SeededRandom;
  readonly #seen = new Set<string>();
  readonly #counts = {
    prefixes: 0,
    ways: 0,
    images: 0,
    sampled: 0,
    recovered: 0,
    errorRuns: 0,
    leftOut: 0,
  };
  readonly #nested = { nestedPrefixes: 0, nestedImages: 0, nestedRecovered: 0 };
  readonly #refused: Record<string, number> = {};
  readonly #failures: CrashFailure[] = [];
  #tried = 0;

  constructor(target: Target<P>, options: ExploreOptions) {
    this.#target = target;
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
  }

  async run(): Promise<CrashNumbers> {
    const base = await this.#target.prepare();
    const found: Found<P>[] = [];
    const failures: (readonly [CrashProfile, Failure])[] = [];
    for (const profile of this.#options.profiles) {
      const operations: DiskOperation[] = [];
      found.push(...(await this.#record(base, profile, { operations })));
      failures.push(...failuresOf(operations).map((failure) => [profile, failure] as const));
    }
    this.#counts.images = found.length;
    const tried = spread(found, this.#options.recoveriesMax);
    this.#counts.leftOut = found.length - tried.length;
    for (const each of tried) await this.#tryOut(each, tried.length);
    if (this.#options.withErrors === true) await this.#failEverywhere(base, failures);
    return { ...this.#counts, ...this.#nested, refused: this.#refused, failures: this.#failures };
  }

  /** One run for each failure: each is followed by what it leaves to a crash, before the next one begins. */
  async #failEverywhere(
    base: DiskImage,
    failures: readonly (readonly [CrashProfile, Failure])[],
  ): Promise<void> {
    for (const [at, [profile, failure]] of failures.entries()) {
      if (this.#isEnough) return;
      const found = await this.#record(base, profile, { failure });
      this.#counts.images += found.length;
      // So many more are to be expected.
      const expected = Math.ceil((this.#counts.images * failures.length) / (at + 1));
      for (const each of found) await this.#tryOut(each, expected);
    }
  }

  /** The images behind every operation of the protocol itself, or from one that fails on. */
  async #record(
    base: DiskImage,
    profile: CrashProfile,
    { failure, operations = [] }: Recording,
  ): Promise<readonly Found<P>[]> {
    const found: Found<P>[] = [];
    let promised = this.#target.nothing;
    const disk = restored(base, profile);
    const failed = failure && describeFailure(failure);
    let isDue = failure === undefined;
    const crash = (operation: DiskOperation | 'close', path: string): void => {
      if (!isDue) return;
      this.#counts.prefixes++;
      const last = describe(this.#counts.prefixes, operation, path);
      const at = failed === undefined ? [last] : [failed, last];
      for (const image of this.#images(disk, profile)) this.#add(found, { image, promised, profile, at });
    };
    disk.onChange = crash;
    const seen = failingDisk(disk, failure, (operation) => {
      if (failure !== undefined && operations.length >= failure.number) isDue = true;
      operations.push(operation);
    });
    try {
      await this.#target.run(seen, (more) => (promised = more));
    } catch (error) {
      if (failure === undefined) throw error;
      this.#judgeEnd(error, profile, failed!);
    }
    if (failure !== undefined) {
      this.#counts.errorRuns++;
      crash('close', 'everything');
    }
    disk.onChange = undefined;
    return found;
  }

  /** What fails for the world's sake says so in a typed way, or comes to no end. */
  #judgeEnd(error: unknown, profile: CrashProfile, failed: string): void {
    if (isCaissonError(error) || error instanceof RangeError) return;
    const problem = error instanceof Error ? (error.stack ?? error.message) : 'unknown';
    this.#failures.push({ profile, at: [failed], problem, image: [] });
  }

  #images(disk: SimulatedDisk, profile: CrashProfile): readonly DiskImage[] {
    const { bound } = this.#options;
    const { images, isSampled, ways } = crashImages(disk.unsettled, profile, { bound, random: this.#random });
    this.#counts.ways += ways;
    if (isSampled) this.#counts.sampled++;
    return images;
  }

  #add(found: Found<P>[], each: Found<P>): void {
    const name = `${fingerprintOf(each.image)} ${JSON.stringify(each.promised, plain)}`;
    if (this.#seen.has(name)) return;
    this.#seen.add(name);
    found.push(each);
  }

  /** One recovery, and every crash during it where that is asked for. */
  async #tryOut(each: Found<P>, expected: number): Promise<void> {
    // Without a turn of the loop now and then nobody could interrupt it.
    if (this.#tried % TURN_EVERY === 0) await new Promise((resolve) => setImmediate(resolve));
    if (this.#isEnough) return void this.#counts.leftOut++;
    const nested: Found<P>[] = [];
    const disk = restored(each.image, each.profile);
    let steps = 0;
    if (this.#options.depth === 2) {
      disk.onChange = (operation, path) => {
        this.#nested.nestedPrefixes++;
        const at = [...each.at, describe(++steps, operation, path)];
        for (const image of this.#images(disk, each.profile)) this.#add(nested, { ...each, image, at });
      };
    }
    if (await this.#recovers(disk, each)) this.#counts.recovered++;
    disk.onChange = undefined;
    this.#nested.nestedImages += nested.length;
    for (const second of nested) {
      if (this.#isEnough) this.#counts.leftOut++;
      else if (await this.#recovers(restored(second.image, second.profile), second))
        this.#nested.nestedRecovered++;
    }
    this.#options.onProgress?.(
      ++this.#tried,
      expected,
      this.#counts.recovered + this.#nested.nestedRecovered,
    );
  }

  get #isEnough(): boolean {
    const { failuresMax = Infinity, recoveriesMax, signal } = this.#options;
    if (signal?.aborted === true) return true;
    if (this.#failures.length >= failuresMax) return true;
    return this.#counts.recovered + this.#nested.nestedRecovered >= recoveriesMax;
  }

  async #recovers(disk: SimulatedDisk, { at, image, profile, promised }: Found<P>): Promise<boolean> {
    const problem = await this.#problemOf(disk, promised);
    if (problem === undefined) return true;
    const paths = [...image].map(([path, bytes]) => (bytes === undefined ? path : `${path} ${bytes.length}`));
    this.#failures.push({ profile, at, problem, image: paths });
    return false;
  }

  async #problemOf(disk: SimulatedDisk, promised: P): Promise<string | undefined> {
    try {
      return await this.#target.recover(disk, promised);
    } catch (error) {
      if (!isCaissonError(error)) return error instanceof Error ? (error.stack ?? error.message) : 'unknown';
      this.#refused[error.code] = (this.#refused[error.code] ?? 0) + 1;
      return `refused: ${error.message} ${JSON.stringify(error.details, plain)}`;
    }
  }
}

function restored(image: DiskImage, profile: CrashProfile): SimulatedDisk {
  const disk = new SimulatedDisk({ profile });
  disk.restore(image);
  return disk;
}

/** So many of them at most, from all over. */
function spread<T>(items: readonly T[], max: number): readonly T[] {
  if (items.length <= max) return items;
  return Array.from({ length: max }, (_, at) => items[Math.floor((at * items.length) / max)]!);
}

const plain = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

function describeFailure({ number, trouble }: Failure): string {
  const what = trouble.kind === 'failing' ? `a ${trouble.operation} fails` : `the disk is ${trouble.kind}`;
  return `${number + 1}: ${what}`;
}

function describe(number: number, operation: DiskOperation | 'close', path: string): string {
  return `${number}: ${operation} ${path}`;
}
