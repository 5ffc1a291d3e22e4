import { CaissonError } from '@caisson/contracts';
import { type DiskPart, isPart } from './disk-image.js';

export type DiskOperation =
  | 'status'
  | 'read'
  | 'list'
  | 'makeDirectory'
  | 'create'
  | 'open'
  | 'write'
  | 'sync'
  | 'rename'
  | 'remove'
  | 'syncDirectory'
  | 'hold';

/** Something wrong with a disk, for as long as it is not lifted. What is on the platter stays as it is. */
export type DiskTrouble = { readonly part?: DiskPart } & (
  | { readonly kind: 'slow'; readonly ms: number }
  /** A failed sync loses what it should have made durable, and the next one succeeds. */
  | { readonly kind: 'failing'; readonly operation: 'read' | 'write' | 'sync'; readonly times: number }
  | { readonly kind: 'full'; readonly bytes: number }
  | { readonly kind: 'readOnly' }
  /** Half of a write, and an error. */
  | { readonly kind: 'short'; readonly times: number }
  /** Written to another place of the same file. */
  | { readonly kind: 'misdirected'; readonly times: number }
  /** Syncs that do nothing and say they did. */
  | { readonly kind: 'lying'; readonly times: number }
  /** A flipped bit, so far into each file, of a thousand. */
  | { readonly kind: 'rot'; readonly permille: number }
  /** A sector of other bytes. */
  | { readonly kind: 'sector'; readonly permille: number }
  /** The end is missing. */
  | { readonly kind: 'cut'; readonly bytes: number }
  /** There are zeros behind the end. */
  | { readonly kind: 'zeros'; readonly bytes: number }
);

export type WriteFate = 'whole' | 'short' | 'misdirected';
export type SyncFate = 'done' | 'failed' | 'lying';

const SECTOR = 512;
const WRITING: ReadonlySet<DiskOperation> = new Set(['makeDirectory', 'create', 'write', 'rename']);
const CHANGING: ReadonlySet<DiskOperation> = new Set([...WRITING, 'remove', 'hold']);

interface Held {
  readonly trouble: DiskTrouble;
  /** Times or bytes, where there is a number of them. */
  left: number;
  isMet: boolean;
}

/** What is wrong with one disk at a time. */
export class DiskTroubles {
  readonly #held = new Set<Held>();
  /** How often any of it was met. */
  met = 0;

  /** Answers whether it was ever met. */
  add(trouble: DiskTrouble): () => boolean {
    const held = { trouble, left: countOf(trouble), isMet: false };
    this.#held.add(held);
    return () => held.isMet;
  }

  lift(): void {
    this.#held.clear();
  }

  get any(): boolean {
    return this.#held.size > 0;
  }

  /** How long an operation takes. */
  delayMs(path: string): number {
    const [slow] = this.#find('slow', path);
    return slow?.trouble.kind === 'slow' ? (this.#meet(slow), slow.trouble.ms) : 0;
  }

  /** Throws where an operation has no effect. `bytes` are those of a write. */
  refuse(operation: DiskOperation, path: string, bytes = 0): void {
    const [readOnly] = this.#find('readOnly', path);
    if (readOnly !== undefined && CHANGING.has(operation)) {
      this.#meet(readOnly);
      throw new CaissonError('DISK_READ_ONLY', { operation, path, errno: 'EROFS' });
    }
    const [full] = this.#find('full', path);
    if (full !== undefined && WRITING.has(operation) && (full.left -= bytes) <= 0) {
      this.#meet(full);
      throw new CaissonError('DISK_FULL', { operation, path, errno: 'ENOSPC' });
    }
    if (operation !== 'sync' && this.#fails(operation, path)) {
      throw new CaissonError('DISK_ERROR', { operation, path, errno: 'EIO' });
    }
  }

  write(path: string): WriteFate {
    if (this.#takes('short', path)) return 'short';
    return this.#takes('misdirected', path) ? 'misdirected' : 'whole';
  }

  sync(path: string): SyncFate {
    if (this.#fails('sync', path)) return 'failed';
    return this.#takes('lying', path) ? 'lying' : 'done';
  }

  /** What a reader sees of the bytes on the platter. */
  seen(path: string, sound: Uint8Array): Uint8Array {
    // Damage to the records of a log or store, and to what says how far they go, would be two faults at once.
    if (path.endsWith('/head')) return sound;
    let bytes = sound;
    for (const held of this.#held) {
      if (!concerns(held, path)) continue;
      const other = overlaid(held.trouble, bytes);
      if (other !== bytes) this.#meet(held);
      bytes = other;
    }
    return bytes;
  }

  #fails(operation: DiskOperation, path: string): boolean {
    const failing = this.#find('failing', path).find(
      ({ trouble }) => trouble.kind === 'failing' && trouble.operation === operation,
    );
    return failing !== undefined && this.#use(failing);
  }

  #takes(kind: 'short' | 'misdirected' | 'lying', path: string): boolean {
    const [held] = this.#find(kind, path);
    return held !== undefined && this.#use(held);
  }

  #use(held: Held): boolean {
    if (held.left <= 0) return false;
    held.left--;
    this.#meet(held);
    return true;
  }

  #find(kind: DiskTrouble['kind'], path: string): readonly Held[] {
    if (this.#held.size === 0) return [];
    return [...this.#held].filter((held) => held.trouble.kind === kind && concerns(held, path));
  }

  #meet(held: Held): void {
    held.isMet = true;
    this.met++;
  }
}

function countOf(trouble: DiskTrouble): number {
  if ('times' in trouble) return trouble.times;
  return trouble.kind === 'full' ? trouble.bytes : 0;
}

function concerns({ trouble }: Held, path: string): boolean {
  return isPart(trouble.part ?? 'everything', path);
}

function overlaid(trouble: DiskTrouble, bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) return bytes;
  if (trouble.kind === 'cut') return bytes.subarray(0, Math.max(0, bytes.length - trouble.bytes));
  if (trouble.kind === 'zeros') {
    const longer = new Uint8Array(bytes.length + trouble.bytes);
    longer.set(bytes);
    return longer;
  }
  if (trouble.kind !== 'rot' && trouble.kind !== 'sector') return bytes;
  const rotten = bytes.slice();
  const at = Math.floor((rotten.length * trouble.permille) / 1000);
  if (trouble.kind === 'rot') rotten[at]! ^= 0x10;
  else
    for (let byte = at - (at % SECTOR); byte < Math.min(rotten.length, at + SECTOR); byte++)
      rotten[byte]! ^= 0xa5;
  return rotten;
}
