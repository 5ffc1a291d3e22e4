import { CaissonError, isCaissonError, type KekProvider, type Member } from '@caisson/contracts';
import { fullNodeId } from '@caisson/formats';
import type { GroupSession } from '../node/group-session.js';
import type { MemberPoll, MemberQuestion } from './member-poll.js';

export interface CapabilityCheck {
  readonly session: GroupSession;
  readonly members: readonly Member[];
  readonly poll: MemberPoll;
  /** The one KEK that is to be proved; absent for any. */
  readonly through?: KekProvider | undefined;
}

/**
 * The names of all members, voters and learners, after each of them has proved that it holds the KEK; else
 * `CAPABILITY_CHECK_FAILED` with what stands in the way of every one that has not.
 */
export async function requireCapable(
  { session, members, poll, through }: CapabilityCheck,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const questions: MemberQuestion[] = [];
  for (const { name, address } of members) {
    const challenge = await session.challenge(fullNodeId(name), signal, through);
    questions.push({ group: session.id, name, address, challenge });
  }
  const answers = await poll.ask(questions, signal);
  const names = members.map(({ name }) => name);
  const problems: string[] = [];
  for (const { name, challenge } of questions) {
    const answer = answers.get(name)!;
    const candidate = { name, fullNodeId: fullNodeId(name), members: names, challenge };
    const error =
      'error' in answer
        ? answer.error
        : await refusalOf(() => session.admit({ ...candidate, answer: answer.capability }, signal));
    if (error !== undefined) problems.push(`${name}: ${inWords(error)}`);
  }
  signal?.throwIfAborted();
  if (problems.length === 0) return names;
  throw new CaissonError('CAPABILITY_CHECK_FAILED', { group: session.id, problems });
}

async function refusalOf(judge: () => Promise<unknown>): Promise<CaissonError | undefined> {
  try {
    await judge();
    return undefined;
  } catch (error) {
    if (!isCaissonError(error)) throw error;
    return error;
  }
}

function inWords({ code, details }: CaissonError): string {
  const why = details['reason'] ?? details['problem'];
  return typeof why === 'string' ? `${code}, ${why}` : code;
}
