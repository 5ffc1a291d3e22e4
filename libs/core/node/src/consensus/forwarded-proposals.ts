import { type Clock, CaissonError, type Proposed, type RaftTransport } from '@caisson/contracts';
import { decodeProposalAnswer, encodeProposalQuestion, type MemberRecord } from '@caisson/formats';

export interface LeaderToAsk {
  readonly transport: Pick<RaftTransport, 'ask'>;
  readonly leader: MemberRecord;
  readonly clock: Pick<Clock, 'after'>;
  readonly limitMs: number;
}

/** Has the leader propose what this node may not, and resolves with what it came to there. */
export async function askLeaderToPropose(
  { transport, leader, clock, limitMs }: LeaderToAsk,
  group: number,
  payload: Uint8Array,
): Promise<Proposed> {
  const control = new AbortController();
  const problem = 'the leader did not answer in time';
  const endLimit = clock.after(limitMs, () =>
    control.abort(new CaissonError('UNKNOWN_OUTCOME', { problem })),
  );
  try {
    const question = encodeProposalQuestion({ group, payload });
    return decodeProposalAnswer(await transport.ask(leader, question, control.signal));
  } finally {
    endLimit();
  }
}
