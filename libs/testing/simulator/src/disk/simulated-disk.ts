import type { SeededRandom } from '@caisson/compliance';
import {
  CaissonError,
  type DirectoryHold,
  type Disk,
  type DiskFile,
  type FileStatus,
} from '@caisson/contracts';
import { barest, type CrashProfile, drawImage, type Unsettled } from './crash-images.js';
import { type DiskImage, imageOf, treeOf } from './disk-image.js';
import { type DiskOperation, DiskTroubles } from './disk-trouble.js';
import { type Change, concerns, DirectoryNode, FileNode, type Node, settle } from './nodes.js';

export interface SimulatedDiskOptions {
  readonly profile?: CrashProfile;
  /** Takes its time where the disk is slow; none, and nothing ever takes any. */
  readonly pause?: (ms: number) => Promise<void>;
}

/** Told after each operation that a crash could come behind of. */
export type DiskListener = (operation: DiskOperation, path: string) => void;

/**
 * The disk of one machine, over the lives of its processes.
 *
 * Content is durable once its file is synced, names once their directory is. `losePower` leaves any image
 * that this allows. `image` and `restore` put back what once was. What is wrong with it for a while is in
 * `troubles`.
 */
export class SimulatedDisk implements Disk {
  readonly troubles = new DiskTroubles();
  onChange: DiskListener | undefined;
  #root = new DirectoryNode();
  #changes: Change[] = [];
  #held = new Set<string>();
  readonly #profile: CrashProfile;
  readonly #pause: SimulatedDiskOptions['pause'];

  constructor({ pause, profile = 'journalled' }: SimulatedDiskOptions = {}) {
    this.#profile = profile;
    this.#pause = pause;
  }

  /** What a crash would choose from. */
  get unsettled(): Unsettled {
    return { root: this.#root, changes: this.#changes };
  }

  /** As the running machine sees it. */
  get image(): DiskImage {
    return imageOf(this.#root, { names: ({ live }) => live, bytes: ({ live }) => live.view() });
  }

  /** Everything as it was when the image was taken. Whoever had files open has none any more. */
  restore(image: DiskImage): void {
    this.#root = treeOf(image);
    this.#changes = [];
    this.#held = new Set();
  }

  /** A process ended: what it held is free, and what it wrote will be there. */
  endProcess(): void {
    this.#held = new Set();
  }

  /** What was not synced is there, or in part, or not, as the profile allows. */
  losePower(random: SeededRandom): void {
    this.restore(drawImage(this.unsettled, this.#profile, random));
  }

  /** The same at its worst: of what was not synced nothing is left. */
  loseEverythingUnsynced(): void {
    this.restore(barest(this.unsettled));
  }

  join(...parts: readonly string[]): string {
    const names = parts.flatMap((part) => part.split('/')).filter((name) => name !== '' && name !== '.');
    const path: string[] = [];
    for (const name of names)
      if (name === '..') path.pop();
      else path.push(name);
    return `/${path.join('/')}`;
  }

  async status(path: string): Promise<FileStatus | undefined> {
    await this.#enter('status', path);
    const node = this.#find(path);
    if (node === undefined) return undefined;
    const mode = node.kind === 'directory' ? 0o700 : 0o600;
    return { kind: node.kind, bytes: node.kind === 'file' ? node.live.length : 0, mode };
  }

  async read(path: string, maxBytes: number): Promise<Uint8Array | undefined> {
    await this.#enter('read', path);
    const node = this.#find(path);
    if (node === undefined) return undefined;
    if (node.kind !== 'file') throw refusal('read', path, 'EINVAL');
    const bytes = this.troubles.seen(path, node.live.view());
    if (bytes.length > maxBytes) throw refusal('read', path, 'EFBIG');
    return bytes.slice();
  }

  async list(path: string): Promise<readonly string[] | undefined> {
    await this.#enter('list', path);
    const node = this.#find(path);
    return node?.kind === 'directory' ? [...node.live.keys()].sort() : undefined;
  }

  async makeDirectory(path: string): Promise<void> {
    await this.#enter('makeDirectory', path);
    this.#makeDirectory(path);
    this.#changed('makeDirectory', path);
  }

  async create(path: string): Promise<DiskFile> {
    await this.#enter('create', path);
    const [parent, name] = this.#parentOf('create', path);
    if (parent.live.has(name)) throw refusal('create', path, 'EEXIST');
    const file = new FileNode();
    this.#link(parent, name, file);
    this.#changed('create', path);
    return this.#opened(file, path);
  }

  /** A file that is there, for writing into it. Nobody but stores and logs has use for that. */
  async open(path: string): Promise<DiskFile> {
    await this.#enter('open', path);
    const node = this.#find(path);
    if (node?.kind !== 'file') throw refusal('open', path, 'ENOENT');
    return this.#opened(node, path);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#enter('rename', from);
    const [at, name] = this.#parentOf('rename', from);
    const [target, newName] = this.#parentOf('rename', to);
    const node = at.live.get(name);
    if (node === undefined) throw refusal('rename', from, 'ENOENT');
    at.live.delete(name);
    target.live.set(newName, node);
    this.#changes.push({ kind: 'rename', at, name, to: target, newName, node });
    this.#changed('rename', from);
  }

  async remove(path: string): Promise<void> {
    await this.#enter('remove', path);
    const node = this.#find(path);
    if (node === undefined) return;
    const [parent, name] = this.#parentOf('remove', path);
    this.#remove(parent, name, node);
    this.#changed('remove', path);
  }

  async syncDirectory(path: string): Promise<void> {
    await this.#enter('syncDirectory', path);
    const node = this.#find(path);
    if (node?.kind !== 'directory') throw refusal('syncDirectory', path, 'ENOENT');
    const fate = this.troubles.sync(path);
    if (fate === 'failed') throw refusal('syncDirectory', path, 'EIO');
    if (fate === 'done') this.#settle(node);
    this.#changed('syncDirectory', path);
  }

  async hold(path: string): Promise<DirectoryHold> {
    await this.#enter('hold', path);
    if (this.#held.has(path)) throw new CaissonError('DIRECTORY_LOCKED', { path });
    const held = this.#held.add(path);
    return { release: async () => void held.delete(path) };
  }

  /** Puts something at `path` that is neither file nor directory. */
  makeFifo(path: string): void {
    const [parent, name] = this.#parentOf('create', path);
    parent.live.set(name, { kind: 'other' });
  }

  #opened(file: FileNode, path: string): DiskFile {
    return {
      write: async (bytes, offset) => {
        await this.#enter('write', path, bytes.length);
        const fate = this.troubles.write(path);
        const reached = fate === 'short' ? bytes.subarray(0, bytes.length >> 1) : bytes;
        if (reached.length > 0)
          file.write(reached, fate === 'misdirected' ? elsewhere(file, offset) : offset);
        this.#changed('write', path);
        if (fate === 'short') throw refusal('write', path, 'EIO');
      },
      sync: async () => {
        await this.#enter('sync', path);
        const fate = this.troubles.sync(path);
        if (fate === 'done') file.sync();
        else file.forget(fate === 'lying');
        this.#changed('sync', path);
        if (fate === 'failed') throw refusal('sync', path, 'EIO');
      },
      close: async () => undefined,
    };
  }

  /** An ordered disk makes everything durable that came before. */
  #settle(directory: DirectoryNode): void {
    const isDue = this.#changes.map((change) => concerns(change, directory));
    const last = isDue.lastIndexOf(true);
    const due = this.#changes.filter((_, at) => (this.#profile === 'weak' ? isDue[at] : at <= last));
    settle(due);
    this.#changes = this.#changes.filter((change) => !due.includes(change));
  }

  #makeDirectory(path: string): DirectoryNode {
    const node = this.#find(path);
    if (node?.kind === 'directory') return node;
    if (node !== undefined) throw refusal('makeDirectory', path, 'EEXIST');
    const made = new DirectoryNode();
    this.#link(this.#makeDirectory(this.join(path, '..')), nameOf(path), made);
    return made;
  }

  #link(at: DirectoryNode, name: string, node: Node): void {
    at.live.set(name, node);
    this.#changes.push({ kind: 'link', at, name, node });
  }

  #remove(at: DirectoryNode, name: string, node: Node): void {
    if (node.kind === 'directory')
      for (const [child, each] of [...node.live]) this.#remove(node, child, each);
    at.live.delete(name);
    this.#changes.push({ kind: 'unlink', at, name });
  }

  #find(path: string): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const name of path.split('/').filter((each) => each !== '')) {
      node = node?.kind === 'directory' ? node.live.get(name) : undefined;
    }
    return node;
  }

  #parentOf(operation: DiskOperation, path: string): readonly [DirectoryNode, string] {
    const parent = this.#find(this.join(path, '..'));
    if (parent?.kind !== 'directory') throw refusal(operation, path, 'ENOENT');
    return [parent, nameOf(path)];
  }

  #changed(operation: DiskOperation, path: string): void {
    this.onChange?.(operation, path);
  }

  async #enter(operation: DiskOperation, path: string, bytes?: number): Promise<void> {
    if (!this.troubles.any) return;
    const ms = this.troubles.delayMs(path);
    if (ms > 0) await this.#pause?.(ms);
    this.troubles.refuse(operation, path, bytes);
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Another sector of the same file. */
function elsewhere({ live }: FileNode, offset: number): number {
  return offset >= 512 ? offset - 512 : Math.max(live.length, 512);
}

function refusal(operation: string, path: string, errno: string): CaissonError {
  return new CaissonError('DISK_ERROR', { operation, path, errno });
}
