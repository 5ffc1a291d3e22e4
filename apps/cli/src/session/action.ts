import { CaissonError, isCaissonError, toCaissonError } from '@caisson/contracts';
import type { Command } from 'commander';
import { printJson, processOutput, type Output } from './output.js';

/** Exit codes that are no errors: an answer that a script wants to branch on. */
export const EXIT = { ok: 0, absent: 1, notDone: 1 } as const;

export type Action<Options> = (context: ActionContext<Options>) => Promise<number | void>;

export interface ActionContext<Options> {
  readonly args: readonly string[];
  readonly options: Options;
  readonly output: Output;
  /** Aborts on the first Ctrl-C; a second one ends the process. */
  readonly signal: AbortSignal;
}

/** Gives a command `--json`, an exit code from the catalogue, and cancellation. */
export function addAction<Options extends object>(command: Command, action: Action<Options>): Command {
  return command.option('--json', 'print one JSON document instead of text').action(async () => {
    const options = command.optsWithGlobals<Options & { json?: boolean }>();
    const output = processOutput(options.json === true);
    process.exitCode = await run(action, { args: command.args, options, output, signal: interruptSignal() });
  });
}

async function run<Options>(action: Action<Options>, context: ActionContext<Options>): Promise<number> {
  try {
    return (await action(context)) ?? EXIT.ok;
  } catch (error) {
    if (isEpipe(error)) return EXIT.ok;
    return report(innermost(error), context.output);
  }
}

/** The operating error that explains `error` best. */
export function innermost(error: unknown): CaissonError {
  let found = toCaissonError(error);
  while (isCaissonError(found.cause)) found = found.cause;
  return found;
}

export function report(error: CaissonError, output: Output): number {
  const { exit, retry, meaning, wayOut } = error.entry;
  if (output.json) {
    printJson(output, { error: { code: error.code, retry, meaning, wayOut, details: error.details } });
    return exit;
  }
  const problems = error.details['problems'];
  const isListed = Array.isArray(problems);
  output.notes(`caisson: ${isListed ? `${error.code}: ${meaning} ${wayOut}` : error.message}\n`);
  if (isListed) for (const problem of problems) output.notes(`  - ${String(problem)}\n`);
  if (error.code === 'INTERNAL' && error.cause instanceof Error) output.notes(`${error.cause.stack ?? ''}\n`);
  return exit;
}

function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  process.once('SIGINT', () => {
    controller.abort(new CaissonError('CANCELLED'));
    process.once('SIGINT', () => process.exit(130));
  });
  return controller.signal;
}

function isEpipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE';
}
