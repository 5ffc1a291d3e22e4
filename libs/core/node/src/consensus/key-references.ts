import { CaissonError, type GroupEncryption, type KeyReferences, type RaftLog } from '@caisson/contracts';

export interface KeyReferencesParts {
  readonly group: number;
  readonly encryption: Pick<GroupEncryption, 'keyReferences'>;
  readonly log: Pick<RaftLog, 'start'>;
  /** Resolves once everything that was acknowledged is applied here. */
  catchUp(signal: AbortSignal | undefined): Promise<unknown>;
}

/** What a node has under one key of a group, in store and log. */
export async function referencesHere(
  { group, encryption, log, catchUp }: KeyReferencesParts,
  keyId: number,
  signal?: AbortSignal,
): Promise<KeyReferences> {
  await catchUp(signal);
  const found = await encryption.keyReferences?.(keyId, signal);
  if (found === undefined) throw new CaissonError('UNIMPLEMENTED', { group, operation: 'keyReferences' });
  return { ...found, logStart: log.start.index };
}
