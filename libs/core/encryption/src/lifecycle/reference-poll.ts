import {
  CaissonError,
  type Clock,
  type DataDirectory,
  isCaissonError,
  type KeyReferences,
  type Member,
  type RaftTransport,
  type ReplicatedGroup,
} from '@caisson/contracts';
import { decodeKeyReferences, encodeKeyReferencesQuestion } from '@caisson/formats';

/** What one member says it has under a key, or why it does not say. */
export type MemberReferences = { readonly name: string } & (
  | { readonly found: KeyReferences }
  | { readonly error: CaissonError }
);

export interface ReferencePollParts {
  readonly directory: Pick<DataDirectory, 'identity'>;
  /** Absent on a node without peers. */
  readonly transport: Pick<RaftTransport, 'ask'> | undefined;
  readonly clock: Pick<Clock, 'after'>;
  /** For all answers together; each member reads everything it stores. */
  readonly limitMs: number;
}

/**
 * Asks every member what it has under one key, all at once, and has an answer or a reason for each when time
 * is up, by name. The node itself answers like everybody else.
 */
export class ReferencePoll {
  readonly #parts: ReferencePollParts;

  constructor(parts: ReferencePollParts) {
    this.#parts = parts;
  }

  async ask(
    group: ReplicatedGroup,
    { keyId, members }: { readonly keyId: number; readonly members: readonly Member[] },
    signal?: AbortSignal,
  ): Promise<readonly MemberReferences[]> {
    signal?.throwIfAborted();
    const { clock, limitMs } = this.#parts;
    const control = new AbortController();
    const leave = () => control.abort(signal?.reason);
    signal?.addEventListener('abort', leave, { once: true });
    const problem = `no answer within ${limitMs} ms`;
    const endLimit = clock.after(limitMs, () => control.abort(new CaissonError('UNAVAILABLE', { problem })));
    try {
      const byName = [...members].sort((a, b) => (a.name < b.name ? -1 : 1));
      const answers = byName.map((member) => this.#answer(group, keyId, member, control.signal));
      const told = await Promise.all(answers);
      signal?.throwIfAborted();
      return told;
    } finally {
      endLimit();
      signal?.removeEventListener('abort', leave);
    }
  }

  async #answer(
    group: ReplicatedGroup,
    keyId: number,
    member: Member,
    signal: AbortSignal,
  ): Promise<MemberReferences> {
    const { name } = member;
    try {
      return { name, found: await this.#references(group, keyId, member, signal) };
    } catch (error) {
      const reason: unknown = signal.aborted ? signal.reason : error;
      if (!isCaissonError(reason)) throw reason;
      return { name, error: reason };
    }
  }

  async #references(
    group: ReplicatedGroup,
    keyId: number,
    { name, address }: Member,
    signal: AbortSignal,
  ): Promise<KeyReferences> {
    const { directory, transport } = this.#parts;
    if (name === directory.identity.name) {
      const found = await group.keyReferences?.(keyId, signal);
      if (found !== undefined) return found;
      throw new CaissonError('UNIMPLEMENTED', { operation: 'keyReferences' });
    }
    if (address === undefined || transport === undefined) {
      throw new CaissonError('UNAVAILABLE', { name, problem: 'takes no peers' });
    }
    const question = encodeKeyReferencesQuestion({ group: group.id, keyId });
    return decodeKeyReferences(await transport.ask({ name, address }, question, signal));
  }
}
