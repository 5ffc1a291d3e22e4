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
  /** Recoveries at most; what is left out is counted. */
  readonly recoveriesMax: number;
  /** Failures after which nothing more is tried; none where nothing is said. */
  readonly failuresMax?: number;
  readonly seed: number;
  readonly onProgress?: (done: number, found: number) => void;
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
  readonly nestedPrefixes: number;
  readonly nestedImages: number;
  readonly nestedRecovered: number;
  readonly leftOut: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly failures: readonly CrashFailure[];
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

class Explorer<P> {
  readonly #target: Target<P>;
  readonly #options: ExploreOptions;
  readonly #random: SeededRandom;
  readonly #seen = new Set<string>();
  readonly #counts = { prefixes: 0, ways: 0, images: 0, sampled: 0, recovered: 0, leftOut: 0 };
  readonly #nested = { nestedPrefixes: 0, nestedImages: 0, nestedRecovered: 0 };
  readonly #refused: Record<string, number> = {};
  readonly #failures: CrashFailure[] = [];

  constructor(target: Target<P>, options: ExploreOptions) {
    this.#target = target;
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
  }

  async run(): Promise<CrashNumbers> {
    const base = await this.#target.prepare();
    const found: Found<P>[] = [];
    for (const profile of this.#options.profiles) found.push(...(await this.#record(base, profile)));
    this.#counts.images = found.length;
    const tried = spread(found, this.#options.recoveriesMax);
    this.#counts.leftOut = found.length - tried.length;
    for (const [done, each] of tried.entries()) {
      await this.#tryOut(each);
      this.#options.onProgress?.(done + 1, tried.length);
    }
    return { ...this.#counts, ...this.#nested, refused: this.#refused, failures: this.#failures };
  }

  /** The images behind every operation of the protocol itself. */
  async #record(base: DiskImage, profile: CrashProfile): Promise<readonly Found<P>[]> {
    const found: Found<P>[] = [];
    let promised = this.#target.nothing;
    const disk = restored(base, profile);
    disk.onChange = (operation, path) => {
      this.#counts.prefixes++;
      const at = [describe(this.#counts.prefixes, operation, path)];
      for (const image of this.#images(disk, profile)) this.#add(found, { image, promised, profile, at });
    };
    await this.#target.run(disk, (more) => (promised = more));
    disk.onChange = undefined;
    return found;
  }

  #images(disk: SimulatedDisk, profile: CrashProfile): readonly DiskImage[] {
    const { bound } = this.#options;
    const { images, isSampled, ways } = crashImages(disk.unsettled, profile, { bound, random: this.#random });
    this.#counts.ways += ways;
    if (isSampled) this.#counts.sampled++;
    return images;
  }

  #add(found: Found<P>[], each: Found<P>): void {
    const name = `${fingerprintOf(each.image)} ${JSON.stringify(each.promised)}`;
    if (this.#seen.has(name)) return;
    this.#seen.add(name);
    found.push(each);
  }

  /** One recovery, and every crash during it where that is asked for. */
  async #tryOut(each: Found<P>): Promise<void> {
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
  }

  get #isEnough(): boolean {
    const { failuresMax = Infinity, recoveriesMax } = this.#options;
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

function describe(number: number, operation: DiskOperation, path: string): string {
  return `${number}: ${operation} ${path}`;
}
