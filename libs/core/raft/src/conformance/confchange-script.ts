import { Changer, type ChangeOutcome } from '../confchange/changer.js';
import { describeMembership, describeProgress } from '../debug/describe-state.js';
import { Tracker } from '../tracker/tracker.js';
import { type Directive, parseSteps, ScriptError } from './directive.js';

const LIMITS = { maxInflightMsgs: 10, maxInflightBytes: Infinity };

function change(directive: Directive, changer: Changer): ChangeOutcome {
  const steps = parseSteps(directive.input);
  switch (directive.block.command) {
    case 'simple':
      return changer.simple(steps);
    case 'enter-joint':
      return changer.enterJoint(steps, { autoLeave: directive.flag('autoleave') ?? false });
    case 'leave-joint':
      if (steps.length > 0) throw new ScriptError('this command takes no input');
      return changer.leaveJoint();
    default:
      throw new ScriptError('unknown command');
  }
}

/**
 * Runs directives against one growing membership. Every directive, failed ones too, moves the log one entry
 * on.
 */
export function createConfChangeRun(): (directive: Directive) => string {
  const tracker = new Tracker(LIMITS);
  let lastIndex = 0;
  return (directive) => {
    const outcome = change(directive, new Changer(tracker, lastIndex++));
    if ('refused' in outcome) return `${outcome.refused}\n`;
    tracker.install(outcome.membership, outcome.progress);
    const rows = tracker.ids.map((id) => `${id}: ${describeProgress(tracker.of(id)!)}\n`);
    return `${describeMembership(tracker.membership)}\n${rows.join('')}`;
  };
}
