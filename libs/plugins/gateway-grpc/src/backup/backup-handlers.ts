import type { BackupPart, BackupService } from '@caisson/contracts';
import { backupProto, grpcMethods } from '@caisson/formats';
import type { OpenCalls } from '../open-calls.js';

export const BACKUP_SERVICE = backupProto.BackupDefinition.fullName;
export const BACKUP_METHODS = grpcMethods(backupProto.BackupDefinition, (bytes) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
);

/** Well below what a client accepts as one message, whatever it was configured to. */
const SLICE_BYTES = 1024 * 1024;
const NOTHING = { estimate: 0n, manifest: false, group: 0n, number: 0n, bytes: new Uint8Array(0) };

/** `caisson.v1.Backup` over the service of this node, for operators. */
export function backupHandlers(backup: BackupService, calls: OpenCalls) {
  return {
    create: calls.stream('operator', (_: backupProto.CreateBackupRequest, signal) =>
      messages(backup, signal),
    ),
  };
}

async function* messages(
  backup: BackupService,
  signal: AbortSignal,
): AsyncGenerator<backupProto.BackupMessage, void, undefined> {
  yield { ...NOTHING, estimate: BigInt(await backup.estimate()), complete: false };
  for await (const part of backup.create({ signal })) yield* slices(part);
}

function* slices(part: BackupPart): Generator<backupProto.BackupMessage, void, undefined> {
  const place =
    part.kind === 'piece' ? { group: BigInt(part.group), number: BigInt(part.number) } : { manifest: true };
  for (let at = 0; at < part.bytes.length; at += SLICE_BYTES) {
    const bytes = part.bytes.subarray(at, at + SLICE_BYTES);
    yield { ...NOTHING, ...place, bytes, complete: at + SLICE_BYTES >= part.bytes.length };
  }
}
