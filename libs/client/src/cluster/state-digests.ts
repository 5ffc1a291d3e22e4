import { toHex } from '@caisson/base';
import { toCaissonError, type CaissonError, type GroupStatus, type StateDigest } from '@caisson/contracts';

/** Replicas move on while they are asked; after so many rounds there is no common position. */
const ROUNDS_MAX = 10;

export interface MemberDigest {
  readonly name: string;
  readonly digest?: StateDigest;
  readonly error?: CaissonError;
}

export interface DigestComparison {
  readonly group: number;
  /**
   * `equal` and `different` compare all members at one position; `undecided` when a member gave no digest or
   * the state never stood still long enough.
   */
  readonly verdict: 'equal' | 'different' | 'undecided';
  readonly members: readonly MemberDigest[];
}

export type AskDigest = (address: string, position: number) => Promise<StateDigest>;

/**
 * Asks every member for its digest until all are of one position. A member digests the position asked for or
 * a later one, so each round asks for the latest seen.
 */
export async function compareDigests(group: GroupStatus, ask: AskDigest): Promise<DigestComparison> {
  const members = new Map<string, MemberDigest>();
  let position = group.applied;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const behind = group.members.filter(({ name }) => {
      const known = members.get(name);
      return known?.error === undefined && known?.digest?.position !== position;
    });
    const answers = behind.map(({ name, clientAddress }) => digestOf(name, clientAddress, position, ask));
    for (const answer of await Promise.all(answers)) members.set(answer.name, answer);
    const latest = Math.max(position, ...[...members.values()].map(({ digest }) => digest?.position ?? 0));
    if (latest === position) break;
    position = latest;
  }
  const found = group.members.map(({ name }) => members.get(name) ?? { name });
  return { group: group.id, verdict: verdictOf(found), members: found };
}

async function digestOf(
  name: string,
  address: string | undefined,
  position: number,
  ask: AskDigest,
): Promise<MemberDigest> {
  if (address === undefined) return { name };
  try {
    return { name, digest: await ask(address, position) };
  } catch (error) {
    return { name, error: toCaissonError(error) };
  }
}

function verdictOf(members: readonly MemberDigest[]): DigestComparison['verdict'] {
  const digests = members.flatMap(({ digest }) => digest ?? []);
  const byPosition = new Map<number, Set<string>>();
  for (const { position, digest } of digests) {
    const seen = byPosition.get(position) ?? new Set();
    byPosition.set(position, seen.add(toHex(digest)));
  }
  if ([...byPosition.values()].some((seen) => seen.size > 1)) return 'different';
  return digests.length === members.length && byPosition.size === 1 ? 'equal' : 'undecided';
}
