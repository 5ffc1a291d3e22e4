import { describeProgress } from '../debug/describe-state.js';
import { describeMessage } from '../debug/describe-message.js';
import { createConfChange } from '../message/conf-change.js';
import type { NodeId } from '../message/entry.js';
import { createMessage, type MessageType } from '../message/message.js';
import type { RaftOptions } from '../node/options.js';
import type { StepOutcome } from '../node/outcome.js';
import { allVoters } from '../tracker/membership.js';
import { addNodes } from './add-nodes.js';
import { type Directive, parseSteps, ScriptError } from './directive.js';
import { Environment, type Recipient, STEP_ERRORS } from './environment.js';
import { stabilize } from './stabilize.js';

type Command = (environment: Environment, directive: Directive) => void;

function demand(outcome: StepOutcome): void {
  if (outcome !== 'accepted') throw new ScriptError(STEP_ERRORS[outcome]);
}

/** One id: plain. Several: under a header each. */
function forEachId(
  environment: Environment,
  directive: Directive,
  work: (id: NodeId) => void,
  what: string,
): void {
  const ids = directive.bareIds;
  for (const id of ids) {
    if (ids.length === 1) {
      work(id);
      continue;
    }
    environment.output.write(`> ${id} ${what}\n`);
    environment.output.indented(() => work(id));
  }
}

function deliver(environment: Environment, directive: Directive): void {
  const recipients = directive.block.arguments.flatMap(({ key, values }): Recipient[] => {
    if (values.length === 0) return [{ id: Number(key), isDropping: false }];
    return key === 'drop' ? values.map((id) => ({ id: Number(id), isDropping: true })) : [];
  });
  const type = directive.text('type') as MessageType | undefined;
  let count = 0;
  for (const recipient of recipients) count += environment.deliver(recipient, type);
  if (count === 0) environment.output.write('no messages\n');
}

function proposeConfChange(environment: Environment, directive: Directive): void {
  const transition = directive.text('transition');
  if (transition !== undefined && !['auto', 'implicit', 'explicit'].includes(transition)) {
    throw new ScriptError(`unknown transition ${transition}`);
  }
  const version = directive.flag('v1') === true ? 1 : 2;
  const changes = parseSteps(directive.input);
  if (version === 1 && (changes.length > 1 || transition !== undefined)) {
    throw new ScriptError('v1 conf change can only have one operation and no transition');
  }
  const change = createConfChange({ transition: (transition ?? 'auto') as 'auto', changes });
  demand(environment.node(directive.id()).raw.proposeConfChange(change, { version }));
}

function showState({ nodes, output }: Environment): void {
  for (const { raw } of nodes) {
    const { softState, hardState, membership } = raw.status();
    const standing = allVoters(membership).includes(raw.id) ? 'Voter' : 'Non-Voter';
    output.write(
      `${raw.id}: ${softState.role} (${standing}) Term:${hardState.term} Lead:${softState.lead}\n`,
    );
  }
}

function showStatus(environment: Environment, directive: Directive): void {
  const { progress } = environment.node(directive.id()).raw.status();
  for (const [id, one] of progress) environment.output.write(`${id}: ${describeProgress(one)}\n`);
}

function sendSnapshot(environment: Environment, directive: Directive): void {
  const [from, to] = [directive.id(0), directive.id(1)];
  const node = environment.node(from);
  const term = node.raw.status().hardState.term;
  const message = createMessage({ type: 'MsgSnap', from, to, term, snapshot: node.storage.snapshot() });
  environment.messages.push(message);
  environment.output.write(describeMessage(message));
}

function compact(environment: Environment, directive: Directive): void {
  if (environment.node(directive.id(0)).storage.compact(directive.id(1)) === 'compacted') {
    throw new ScriptError('requested index is unavailable due to compaction');
  }
  environment.showLog(directive.id(0));
}

function propose(environment: Environment, directive: Directive): void {
  const [id, data, ...others] = directive.bare;
  if (data === undefined || others.length > 0) throw new ScriptError('expected exactly one key with no vals');
  demand(environment.node(Number(id)).raw.propose(new TextEncoder().encode(data)));
}

function repeatTick(
  environment: Environment,
  directive: Directive,
  which: 'electionTick' | 'heartbeatTick',
): void {
  const { raw } = environment.node(directive.id());
  for (let count = raw.raft.options[which]; count > 0; count--) raw.tick();
}

function stabilizeAtLevel(environment: Environment, directive: Directive): void {
  const level = directive.text('log-level');
  const before = environment.output.level;
  if (level !== undefined) environment.output.setLevel(level);
  try {
    stabilize(environment, directive.bareIds);
  } finally {
    environment.output.setLevel(before);
  }
}

const createCommands = (random: RaftOptions['random']): Readonly<Record<string, Command>> => ({
  _breakpoint: () => {},
  'add-nodes': (environment, directive) => addNodes(environment, directive, random),
  campaign: (environment, directive) => environment.node(directive.id()).raw.campaign(),
  propose,
  'propose-conf-change': proposeConfChange,
  stabilize: stabilizeAtLevel,
  'process-ready': (environment, directive) =>
    forEachId(environment, directive, (id) => environment.processReady(id), 'handling Ready'),
  'process-append-thread': (environment, directive) =>
    forEachId(environment, directive, (id) => environment.processAppend(id), 'processing append thread'),
  'process-apply-thread': (environment, directive) =>
    forEachId(environment, directive, (id) => environment.processApply(id), 'processing apply thread'),
  'deliver-msgs': deliver,
  'log-level': ({ output }, directive) => output.setLevel(directive.bare[0] ?? ''),
  'raft-log': (environment, directive) => environment.showLog(directive.id()),
  'raft-state': (environment) => showState(environment),
  status: showStatus,
  'tick-election': (environment, directive) => repeatTick(environment, directive, 'electionTick'),
  'tick-heartbeat': (environment, directive) => repeatTick(environment, directive, 'heartbeatTick'),
  'set-randomized-election-timeout': (environment, directive) => {
    environment.node(directive.id()).raw.raft.randomizedElectionTimeout = directive.number('timeout')!;
  },
  'transfer-leadership': (environment, directive) =>
    environment.node(directive.number('from')!).raw.transferLeader(directive.number('to')!),
  'forget-leader': (environment, directive) => environment.node(directive.id()).raw.forgetLeader(),
  'report-unreachable': (environment, directive) =>
    environment.node(directive.id(0)).raw.reportUnreachable(directive.id(1)),
  'send-snapshot': sendSnapshot,
  compact,
});

/** Runs directives against one cluster that lives as long as the script. */
export function createInteractionRun(
  random: RaftOptions['random'],
  isFreezing: boolean,
): (directive: Directive) => string {
  const environment = new Environment(isFreezing);
  const commands = createCommands(random);
  return (directive) => {
    const { output } = environment;
    output.take();
    try {
      const command = commands[directive.block.command];
      if (command === undefined) throw new ScriptError('unknown command');
      command(environment, directive);
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error;
      if (output.isQuiet) return error.message;
      output.write(error.message);
    }
    return output.take() || 'ok';
  };
}
