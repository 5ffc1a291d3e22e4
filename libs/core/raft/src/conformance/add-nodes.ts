import { EMPTY_CONF_STATE, type Snapshot } from '../message/state.js';
import type { RaftOptions } from '../node/options.js';
import type { Directive } from './directive.js';
import { ScriptError } from './directive.js';
import type { Environment } from './environment.js';
import { TestNode } from './test-node.js';

function readOrigin(directive: Directive): Snapshot {
  const isGiven = ['voters', 'learners', 'index', 'content'].some((key) => directive.has(key));
  const index = directive.number('index') ?? 0;
  if (isGiven && index <= 1) throw new ScriptError('index must be specified as > 1 due to bootstrap');
  const confState = {
    ...EMPTY_CONF_STATE,
    voters: directive.ids('voters'),
    learners: directive.ids('learners'),
  };
  const content = directive.text('content') ?? '';
  return { index, term: isGiven ? 1 : 0, confState, data: new TextEncoder().encode(content) };
}

function readOptions(directive: Directive): Omit<RaftOptions, 'storage' | 'id' | 'random'> {
  return {
    electionTick: 3,
    heartbeatTick: 1,
    maxInflightMsgs: directive.number('inflight') ?? 2 ** 31 - 1,
    applied: directive.number('index') ?? 0,
    asyncStorageWrites: directive.flag('async-storage-writes') ?? false,
    preVote: directive.flag('prevote') ?? false,
    checkQuorum: directive.flag('checkquorum') ?? false,
    maxCommittedSizePerReady: directive.number('max-committed-size-per-ready') ?? 0,
    disableConfChangeValidation: directive.flag('disable-conf-change-validation') ?? false,
    readMode: directive.text('read-only') === 'lease-based' ? 'lease-based' : 'safe',
    stepDownOnRemoval: directive.flag('step-down-on-removal') ?? false,
  };
}

/** Adds nodes that all start from the same applied state, or from nothing. */
export function addNodes(
  environment: Environment,
  directive: Directive,
  random: RaftOptions['random'],
): void {
  const origin = environment.guard(readOrigin(directive));
  const options = readOptions(directive);
  const sink: RaftOptions['sink'] = (level, text) => environment.output.log(level, text);
  for (let count = directive.id(); count > 0; count--) {
    const id = environment.nodes.length + 1;
    environment.nodes.push(new TestNode({ ...options, id, random, sink }, origin));
  }
}
