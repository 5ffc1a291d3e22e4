import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system in memory, small enough to be filled, for what is tested against a full disk. */
export class SmallDisk {
  /** Empty until `mount`. */
  readonly folder = temporaryFolder();
  /** Whether this user may mount at all. */
  readonly isPossible = canMount();
  #isMounted = false;

  /** `size` as `mount` takes it, `16m` for example. Does nothing where it is not possible. */
  mount(size: string): void {
    if (!this.isPossible) return;
    mount('-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', this.folder);
    this.#isMounted = true;
  }

  /** `size=64m` makes room, `ro` takes the right to write away. */
  remount(options: string): void {
    mount('-o', `remount,${options}`, this.folder);
  }

  remove(): void {
    // Lazily: a database that failed to close still has files open.
    if (this.#isMounted) execFileSync('umount', ['--lazy', this.folder]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function canMount(): boolean {
  const probe = temporaryFolder();
  try {
    mount('-t', 'tmpfs', 'tmpfs', probe);
    execFileSync('umount', [probe], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
}

function mount(...args: string[]): void {
  execFileSync('mount', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'caisson-disk-'));
}
