import { encodeRaftMessage, type WireMessage } from '@caisson/formats';
import { wordsOf } from './frame-words.js';

const NOTHING = new Uint8Array();
const MESSAGE: WireMessage = {
  ...{ type: 'MsgHeartbeat', to: 2, from: 1, term: 3, logTerm: 0, index: 0, entries: [], commit: 0, vote: 0 },
  ...{ snapshot: undefined, reject: false, rejectHint: 0, context: NOTHING, responses: [] },
};
const entry = (index: number) => ({ term: 3, index, type: 'EntryNormal', data: NOTHING }) as const;

test('a sign of life has no words, and whatever decides something has', () => {
  const words = (message: Partial<WireMessage>) => wordsOf(encodeRaftMessage({ ...MESSAGE, ...message }));
  expect(words({})).toBeUndefined();
  expect(words({ context: Uint8Array.of(1) })).toContain('a read waits');
  const entries = [entry(6), entry(7)];
  expect(words({ type: 'MsgApp', logTerm: 3, index: 5, entries, commit: 5 })).toBe(
    'term 3: append entries 6 to 7, committed is 5',
  );
  expect(words({ type: 'MsgVoteResp', reject: true })).toBe('vote in term 3: no');
  expect(wordsOf(Uint8Array.of(255))).toBe('a frame that nobody can read');
});
