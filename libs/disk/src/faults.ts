import { CaissonError } from '@caisson/contracts';

export interface Step {
  readonly operation: string;
  readonly path: string;
}

type DiskCode = 'DISK_FULL' | 'DISK_READ_ONLY' | 'DIRECTORY_LOCKED' | 'CORRUPTION';

/** The binding reports failures as text alone. The first pattern that fits decides. */
const CAUSES: readonly (readonly [pattern: RegExp, code: DiskCode, errno: string])[] = [
  [/lock hold by current process|While lock file/, 'DIRECTORY_LOCKED', 'EWOULDBLOCK'],
  [/No space left on device|ENOSPC/, 'DISK_FULL', 'ENOSPC'],
  [/Disk quota exceeded|EDQUOT/, 'DISK_FULL', 'EDQUOT'],
  [/Read-only file system|EROFS/, 'DISK_READ_ONLY', 'EROFS'],
  [/Permission denied|EACCES/, 'DISK_READ_ONLY', 'EACCES'],
  [/Operation not permitted|EPERM/, 'DISK_READ_ONLY', 'EPERM'],
  // The options are ours and right, so that an argument or a feature can be wrong in the files alone.
  [/^(Corruption|Invalid argument|Not implemented)/, 'CORRUPTION', ''],
  [/^IO error.*No such file or directory/s, 'CORRUPTION', 'ENOENT'],
];

/** A failure of the binding or of a file beside it, as the operating error that the contract promises. */
export function diskFault(error: unknown, step: Step): CaissonError {
  const { message, code } = (error ?? {}) as { readonly message?: unknown; readonly code?: unknown };
  const text = String(message);
  const cause = CAUSES.find(([pattern]) => pattern.test(text));
  const errno = cause === undefined ? (typeof code === 'string' ? code : 'EIO') : cause[2];
  const details = errno === '' ? { ...step } : { ...step, errno };
  return new CaissonError(cause?.[1] ?? 'DISK_ERROR', details, { cause: error });
}

/** Damage that we noticed ourselves. */
export function damage(path: string, problem: string): CaissonError {
  return new CaissonError('CORRUPTION', { path, problem });
}
