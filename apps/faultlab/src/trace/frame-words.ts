import { decodeRaftMessage, type WireMessage } from '@caisson/formats';

/** A frame between members in words; undefined for a sign of life that carries nothing. */
export function wordsOf(frame: Uint8Array): string | undefined {
  try {
    return describe(decodeRaftMessage(frame));
  } catch {
    return 'a frame that nobody can read';
  }
}

function describe(message: WireMessage): string | undefined {
  const { commit, context, entries, index, reject, snapshot, term, type } = message;
  const no = reject ? 'no' : 'yes';
  switch (type) {
    case 'MsgHeartbeat':
      return context.length === 0 ? undefined : `do I still lead term ${term}? a read waits`;
    case 'MsgHeartbeatResp':
      return context.length === 0 ? undefined : `you lead term ${term}, as far as I know`;
    case 'MsgApp':
      if (entries.length === 0) return `term ${term}: have you got entry ${index}? committed is ${commit}`;
      return `term ${term}: append ${spanOf(entries)}, committed is ${commit}`;
    case 'MsgAppResp':
      return reject
        ? `term ${term}: entry ${index} is not what I have`
        : `term ${term}: appended to ${index}`;
    case 'MsgVote':
      return `vote for me in term ${term}; my log ends at ${index}`;
    case 'MsgVoteResp':
      return `vote in term ${term}: ${no}`;
    case 'MsgPreVote':
      return `would you vote for me in term ${term}? my log ends at ${index}`;
    case 'MsgPreVoteResp':
      return `would vote in term ${term}: ${no}`;
    case 'MsgSnap':
      return `term ${term}: a snapshot as of entry ${snapshot?.index ?? 0}`;
    case 'MsgTimeoutNow':
      return `term ${term}: take over at once`;
    default:
      return `${type} in term ${term}`;
  }
}

function spanOf(entries: WireMessage['entries']): string {
  const [first, last] = [entries[0]!.index, entries.at(-1)!.index];
  return first === last ? `entry ${first}` : `entries ${first} to ${last}`;
}
