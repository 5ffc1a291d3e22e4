import { EMPTY_BYTES } from '@caisson/base';

/** Bytes written at a place, not synced yet. */
export interface Write {
  readonly at: number;
  readonly bytes: Uint8Array;
}

export type Node = FileNode | DirectoryNode | { readonly kind: 'other' };

/** A change of names, not synced yet. Each happens or does not happen, and nothing between. */
export type Change =
  | { readonly kind: 'link'; readonly at: DirectoryNode; readonly name: string; readonly node: Node }
  | { readonly kind: 'unlink'; readonly at: DirectoryNode; readonly name: string }
  | {
      readonly kind: 'rename';
      readonly at: DirectoryNode;
      readonly name: string;
      readonly to: DirectoryNode;
      readonly newName: string;
      readonly node: Node;
    };

/** Names, as the running machine sees them and as they are on the platter. */
export class DirectoryNode {
  readonly kind = 'directory';
  readonly live = new Map<string, Node>();
  readonly durable = new Map<string, Node>();
}

/** Content, as the running machine sees it, as it is on the platter, and the writes in between. */
export class FileNode {
  readonly kind = 'file';
  readonly live: GrowingBytes;
  readonly durable: GrowingBytes;
  #pending: Write[] = [];

  constructor(durable: Uint8Array = EMPTY_BYTES) {
    this.live = new GrowingBytes(durable);
    this.durable = new GrowingBytes(durable);
  }

  get pending(): readonly Write[] {
    return this.#pending;
  }

  write(bytes: Uint8Array, at: number): void {
    const write = { at, bytes: bytes.slice() };
    this.live.write(write);
    this.#pending.push(write);
  }

  sync(): void {
    for (const write of this.#pending) this.durable.write(write);
    this.#pending = [];
  }

  /** What was not synced never will be; the running machine goes on seeing it or not. */
  forget(isSeen: boolean): void {
    this.#pending = [];
    if (!isSeen) this.live.reset(this.durable.view());
  }
}

/** Bytes that grow at the end and are written in the middle. What was handed out never changes. */
export class GrowingBytes {
  #bytes: Uint8Array;
  #length: number;
  #isShared = true;
  #view: Uint8Array | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#length = bytes.length;
  }

  get length(): number {
    return this.#length;
  }

  write({ at, bytes }: Write): void {
    const length = Math.max(this.#length, at + bytes.length);
    // Whoever holds a view sees none of what is appended behind it: that needs no copy.
    if (length > this.#bytes.length || (this.#isShared && at < this.#length)) this.#grow(length);
    this.#bytes.set(bytes, at);
    this.#length = length;
    this.#view = undefined;
  }

  reset(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#length = bytes.length;
    this.#isShared = true;
    this.#view = undefined;
  }

  /** All of it, the same array until something is written. Stays as it is whatever is written. */
  view(): Uint8Array {
    this.#isShared = true;
    this.#view ??= this.#bytes.subarray(0, this.#length);
    return this.#view;
  }

  #grow(length: number): void {
    const grown = new Uint8Array(Math.max(length, this.#bytes.length + (this.#bytes.length >> 1), 256));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#isShared = false;
  }
}

/** What the changes make of names on the platter; they have happened. */
export function settle(changes: readonly Change[]): void {
  apply(changes, ({ durable }) => durable);
}

export function apply(
  changes: readonly Change[],
  names: (directory: DirectoryNode) => Map<string, Node>,
): void {
  for (const change of changes) {
    if (change.kind === 'link') names(change.at).set(change.name, change.node);
    else if (change.kind === 'unlink') names(change.at).delete(change.name);
    else {
      if (names(change.at).get(change.name) === change.node) names(change.at).delete(change.name);
      names(change.to).set(change.newName, change.node);
    }
  }
}

export function concerns(change: Change, directory: DirectoryNode): boolean {
  return change.at === directory || (change.kind === 'rename' && change.to === directory);
}
