import type { RaftOptions } from '../node/options.js';
import { createConfChangeRun } from './confchange-script.js';
import { Directive, ScriptError } from './directive.js';
import { createInteractionRun } from './interaction-script.js';
import { createQuorumRun } from './quorum-script.js';
import { type Block, parseScript } from './script.js';

export type ScriptKind = 'quorum' | 'confchange' | 'interaction';

export interface ScriptOptions {
  /** Where election timeouts come from. */
  readonly random: RaftOptions['random'];
  /** Whether everything that goes into a node or comes out of it is made unwritable. */
  readonly isFreezing: boolean;
}

export interface Difference {
  readonly block: Block;
  readonly actual: string;
}

export interface ScriptResult {
  readonly kind: ScriptKind;
  /** Directives run, the failing one included. */
  readonly directives: number;
  /** The first block that came out differently. What follows it was not run. */
  readonly difference: Difference | undefined;
}

const QUORUM_COMMANDS: ReadonlySet<string> = new Set(['committed', 'vote']);
const CONFCHANGE_COMMANDS: ReadonlySet<string> = new Set(['simple', 'enter-joint', 'leave-joint']);

function kindOf(blocks: readonly Block[]): ScriptKind {
  if (blocks.some(({ command }) => QUORUM_COMMANDS.has(command))) return 'quorum';
  return blocks.some(({ command }) => CONFCHANGE_COMMANDS.has(command)) ? 'confchange' : 'interaction';
}

function createRun(kind: ScriptKind, options: ScriptOptions): (directive: Directive) => string {
  if (kind === 'quorum') return createQuorumRun();
  return kind === 'confchange'
    ? createConfChangeRun()
    : createInteractionRun(options.random, options.isFreezing);
}

/** Runs a block; a broken invariant becomes output too, to be seen in context. */
function runBlock(run: (directive: Directive) => string, block: Block): string {
  try {
    const text = run(new Directive(block));
    return text === '' || text.endsWith('\n') ? text : `${text}\n`;
  } catch (error) {
    if (error instanceof ScriptError) return `${error.message}\n`;
    return `thrown: ${error instanceof Error ? error.message : String(error)}\n`;
  }
}

/** Runs a script in an environment of its own. Its kind is told by its directives. */
export function runScript(text: string, options: ScriptOptions): ScriptResult {
  const blocks = parseScript(text);
  const kind = kindOf(blocks);
  const run = createRun(kind, options);
  let directives = 0;
  for (const block of blocks) {
    directives++;
    const actual = runBlock(run, block);
    if (actual !== block.expected) return { kind, directives, difference: { block, actual } };
  }
  return { kind, directives, difference: undefined };
}

/**
 * The script with what actually came out in the place of what was expected. To be read before it is
 * believed.
 */
export function rewriteScript(text: string, options: ScriptOptions): string {
  const lines = text.split('\n');
  const blocks = parseScript(text);
  const run = createRun(kindOf(blocks), options);
  const outputs = blocks.map((block) => runBlock(run, block).replace(/\n$/, '').split('\n'));
  for (let at = blocks.length - 1; at >= 0; at--) {
    const { expectedFrom, expectedTo } = blocks[at]!;
    lines.splice(expectedFrom, expectedTo - expectedFrom, ...outputs[at]!);
  }
  return lines.join('\n');
}

const CONTEXT_LINES = 3;

/** The first line that differs, with its surroundings. */
export function describeDifference({ block, actual }: Difference): string {
  const [expected, found] = [block.expected.split('\n'), actual.split('\n')];
  const from = expected.findIndex((line, at) => line !== found[at]);
  const at = from === -1 ? expected.length - 1 : from;
  const before = expected.slice(Math.max(0, at - CONTEXT_LINES), at).map((line) => `    ${line}`);
  const wanted = expected.slice(at, at + CONTEXT_LINES + 1).map((line) => `  - ${line}`);
  const got = found.slice(at, at + CONTEXT_LINES + 1).map((line) => `  + ${line}`);
  const place = `  line ${block.line}: ${block.text}, output line ${at + 1} (- expected, + actual)`;
  return [place, ...before, ...wanted, ...got].join('\n');
}
