import { CaissonError } from '@caisson/contracts';

const NO_SPACE: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);
const NOT_WRITABLE: ReadonlySet<string> = new Set(['EROFS', 'EACCES', 'EPERM']);

export interface DiskOperation {
  /** The step as an operator would name it, such as `rename`. */
  readonly operation: string;
  readonly path: string;
  /** Whether it changes the disk: being refused a read does not make a disk read-only. */
  readonly writes: boolean;
}

export function errnoOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : 'UNKNOWN';
}

export function diskError(error: unknown, at: DiskOperation): CaissonError {
  const errno = errnoOf(error);
  const details = { operation: at.operation, path: at.path, errno };
  if (NO_SPACE.has(errno)) return new CaissonError('DISK_FULL', details, { cause: error });
  if (at.writes && NOT_WRITABLE.has(errno))
    return new CaissonError('DISK_READ_ONLY', details, { cause: error });
  return new CaissonError('DISK_ERROR', details, { cause: error });
}

/** A refusal of our own, where the operating system would have gone along. */
export function refusal(at: DiskOperation, errno: string, problem: string): CaissonError {
  return new CaissonError('DISK_ERROR', { operation: at.operation, path: at.path, errno, problem });
}

/** Runs one step and gives its failure the type that the contract promises. */
export async function onDisk<T>(at: DiskOperation, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw diskError(error, at);
  }
}
