import { createHash } from 'node:crypto';
import { lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { kindOf } from './kinds.js';
import { type Needle, NeedleSearch } from './needles.js';

export interface ScannedFile {
  readonly path: string;
  readonly kind: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Bits per byte of the sample with the fewest; absent for a file too short to tell. */
  readonly entropy?: number;
  /** Whether a sample reads like text although the kind of the file does not. */
  readonly readsLikeText: boolean;
  /** Needles by their line, and how often each was found. */
  readonly needles: ReadonlyMap<number, number>;
}

export interface ScanOptions {
  readonly needles: readonly Needle[];
  onBytes(done: number, total: number): void;
  readonly signal: AbortSignal;
}

const PIECE_BYTES = 1024 * 1024;
const SAMPLE_BYTES = 4096;
const SAMPLES_MAX = 64;
/** Of a sample. Sealed bytes have about 37 of 100, by chance. */
const TEXT_SHARE = 0.9;

/** Reads every file below a folder, once and from front to back, and changes none. */
export async function scanFiles(folder: string, options: ScanOptions): Promise<readonly ScannedFile[]> {
  const files = await filesBelow(folder, '');
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const scanned: ScannedFile[] = [];
  let done = 0;
  for (const file of files) {
    options.signal.throwIfAborted();
    scanned.push(await scanFile(folder, file, options));
    options.onBytes((done += file.bytes), total);
  }
  return scanned;
}

interface FoundFile {
  readonly path: string;
  readonly bytes: number;
}

async function filesBelow(folder: string, below: string): Promise<readonly FoundFile[]> {
  const found: FoundFile[] = [];
  for (const name of (await readdir(join(folder, below))).sort()) {
    const path = below === '' ? name : `${below}/${name}`;
    const status = await lstat(join(folder, path));
    if (status.isDirectory()) found.push(...(await filesBelow(folder, path)));
    else if (status.isFile()) found.push({ path, bytes: status.size });
  }
  return found;
}

async function scanFile(
  folder: string,
  { path, bytes }: FoundFile,
  options: ScanOptions,
): Promise<ScannedFile> {
  const kind = kindOf(path);
  const search = new NeedleSearch(options.needles);
  const hash = createHash('sha256');
  const samples = new Samples(bytes);
  const file = await open(join(folder, path), 'r');
  try {
    const buffer = Buffer.allocUnsafe(PIECE_BYTES);
    for (let at = 0; ; ) {
      options.signal.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, PIECE_BYTES, at);
      if (bytesRead === 0) break;
      const piece = buffer.subarray(0, bytesRead);
      hash.update(piece);
      search.take(piece);
      samples.take(piece, at);
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
  const { entropy, textShare } = samples;
  return {
    path,
    kind: kind.name,
    bytes,
    sha256: hash.digest('hex'),
    ...(entropy !== undefined && { entropy }),
    readsLikeText: !kind.isPlain && textShare >= TEXT_SHARE,
    needles: search.hits,
  };
}

/** Short stretches of a file, spread evenly over it. */
class Samples {
  readonly #step: number;
  #next = 0;
  entropy: number | undefined;
  textShare = 0;

  constructor(bytes: number) {
    this.#step = Math.max(SAMPLE_BYTES, Math.floor(bytes / SAMPLES_MAX));
  }

  take(piece: Buffer, at: number): void {
    for (; this.#next < at + piece.length; this.#next += this.#step) {
      const sample = piece.subarray(this.#next - at, this.#next - at + SAMPLE_BYTES);
      if (sample.length < SAMPLE_BYTES / 4) continue;
      const { entropy, textShare } = measure(sample);
      this.entropy = Math.min(this.entropy ?? 8, entropy);
      this.textShare = Math.max(this.textShare, textShare);
    }
  }
}

function measure(sample: Buffer): { readonly entropy: number; readonly textShare: number } {
  const counts = new Array<number>(256).fill(0);
  for (const byte of sample) counts[byte]!++;
  let entropy = 0;
  let text = 0;
  for (const [byte, count] of counts.entries()) {
    if (count === 0) continue;
    entropy -= (count / sample.length) * Math.log2(count / sample.length);
    if ((byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09) text += count;
  }
  return { entropy, textShare: text / sample.length };
}
