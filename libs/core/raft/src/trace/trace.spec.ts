import { describe, expect, test } from '@jest/globals';
import { createConfChange } from '../message/conf-change.js';
import { Peer } from '../properties/peer.js';
import { traceRun } from '../simulation/trace-run.js';
import { traceLine } from './ndjson.js';
import type { TraceEvent } from './trace-event.js';

interface Line {
  readonly tag: string;
  readonly ts: number;
  readonly event: {
    name: string;
    nid: string;
    state: object;
    role: string;
    log: number;
    conf: string[][];
  } & Record<string, unknown>;
}

const parse = (lines: readonly string[]): Line[] => lines.map((line) => JSON.parse(line) as Line);

function traced(
  play: (peer: Peer) => void,
  fields: ConstructorParameters<typeof Peer>[0] = {},
): Line['event'][] {
  const events: TraceEvent[] = [];
  const peer = new Peer({ ...fields, trace: (event) => events.push(event) });
  play(peer);
  const lines = events.map((event, at) => traceLine(event, at)).filter((line) => line !== undefined);
  return parse(lines).map(({ event }) => event);
}

describe('a trace', () => {
  test('starts with what was recorded, then the membership, then following nobody', () => {
    const events = traced(() => {}, {
      voters: [1, 2],
      terms: [3],
      hardState: { term: 3, vote: 2, commit: 1 },
    });
    expect(events[0]).toEqual({
      name: 'InitState',
      nid: '1',
      state: { term: 3, vote: '2', commit: 1 },
      role: 'StateFollower',
      log: 1,
      conf: [[], []],
    });
    expect(events.at(-2)).toMatchObject({
      name: 'ApplyConfChange',
      prop: { cc: { newconf: ['1', '2'] } },
      conf: [[], []],
    });
    expect(events.at(-1)).toMatchObject({ name: 'BecomeFollower', conf: [['1', '2'], []] });
  });

  test('tells an election and a first entry, each before or after it takes effect as the model has it', () => {
    const events = traced((peer) => peer.lead(), { voters: [1, 2] });
    const names = events.map(({ name }) => name);
    const from = names.indexOf('BecomeCandidate');
    expect(names.slice(from)).toEqual([
      'BecomeCandidate',
      'SendRequestVoteResponse',
      'SendRequestVoteRequest',
      'Ready',
      'ReceiveRequestVoteResponse',
      'ReceiveRequestVoteResponse',
      'BecomeLeader',
      'Replicate',
      'SendAppendEntriesResponse',
      'SendAppendEntriesRequest',
      'Ready',
      'ReceiveAppendEntriesResponse',
      'Commit',
      'ReceiveAppendEntriesResponse',
      'Commit',
      'SendAppendEntriesRequest',
      'Ready',
    ]);
    expect(events.find(({ name }) => name === 'Replicate')!.log).toBe(0);
    expect(events.find(({ name }) => name === 'SendRequestVoteRequest')!.msg).toEqual({
      type: 'MsgVote',
      term: 1,
      from: '1',
      to: '2',
      entries: 0,
      logTerm: 0,
      index: 0,
      commit: 0,
      vote: '0',
      reject: false,
      rejectHint: 0,
    });
  });

  test('tells membership changes when they are accepted', () => {
    const change = createConfChange({ changes: [{ kind: 'add-learner', id: 4 }] });
    const events = traced((peer) => peer.lead().raw.proposeConfChange(change));
    expect(events.find(({ name }) => name === 'ChangeConf')!.prop).toEqual({
      cc: { changes: [{ nid: '4', action: 'AddLearner' }] },
    });
  });

  test('leaves out what the model does not know', () => {
    const events = traced((peer) => peer.raw.readIndex(Uint8Array.of(1)));
    expect(events.some(({ name }) => name.startsWith('Receive'))).toBe(false);
  });

  test('of a random run has lines in order, all of one kind, from all nodes', () => {
    const lines = parse(traceRun(3, 500));
    expect(lines.length).toBe(500);
    expect(
      lines.every(({ tag }, at) => tag === 'trace' && (at === 0 || lines[at - 1]!.ts < lines[at]!.ts)),
    ).toBe(true);
    expect(new Set(lines.map(({ event }) => event.nid))).toEqual(new Set(['1', '2', '3']));
    expect(lines.some(({ event }) => event.role === 'StatePreCandidate')).toBe(false);
    expect(lines.some(({ event }) => event.name === 'BecomeLeader')).toBe(true);
    expect(traceRun(3, 500)).toEqual(lines.map((line) => JSON.stringify(line)));
  });
});
