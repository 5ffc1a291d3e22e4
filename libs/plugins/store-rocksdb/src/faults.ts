import { CaissonError } from '@caisson/contracts';

export interface Step {
  readonly operation: string;
  readonly path: string;
}

type DiskCode = 'DISK_FULL' | 'DISK_READ_ONLY' | 'DIRECTORY_LOCKED' | 'CORRUPTION';

/** The binding reports failures as text alone. The first pattern that fits decides. */
const CAUSES: readonly (readonly [pattern: RegExp, errno: string, code: DiskCode])[] = [
  [/No space left on device|ENOSPC/, 'ENOSPC', 'DISK_FULL'],
  [/Disk quota exceeded|EDQUOT/, 'EDQUOT', 'DISK_FULL'],
  [/Read-only file system|EROFS/, 'EROFS', 'DISK_READ_ONLY'],
  [/Permission denied|EACCES/, 'EACCES', 'DISK_READ_ONLY'],
  [/Operation not permitted|EPERM/, 'EPERM', 'DISK_READ_ONLY'],
  [/lock hold by current process|While lock file/, 'EWOULDBLOCK', 'DIRECTORY_LOCKED'],
  [/^Corruption|^Invalid argument.*does not exist/, '', 'CORRUPTION'],
  [/^IO error.*No such file or directory/, 'ENOENT', 'CORRUPTION'],
];

/** A failure of the binding or of a file beside it, as the operating error that the contract promises. */
export function diskFault(error: unknown, step: Step): CaissonError {
  const text = String((error as { message?: unknown } | null)?.message);
  for (const [pattern, errno, code] of CAUSES) {
    if (!pattern.test(text)) continue;
    const details = errno === '' ? { ...step } : { ...step, errno };
    return new CaissonError(code, details, { cause: error });
  }
  const errno = (error as { code?: unknown } | null)?.code;
  return new CaissonError(
    'DISK_ERROR',
    { ...step, errno: typeof errno === 'string' ? errno : 'EIO' },
    { cause: error },
  );
}

/** Damage that we noticed ourselves. */
export function damage(path: string, problem: string): CaissonError {
  return new CaissonError('CORRUPTION', { path, problem });
}
