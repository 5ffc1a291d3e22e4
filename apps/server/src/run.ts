import {
  AdminSurface,
  type CaissonError,
  Gateway,
  isCaissonError,
  Logger,
  toCaissonError,
} from '@caisson/contracts';
import {
  applyOverrides,
  choosePlugins,
  createHost,
  type ConfigDocument,
  type Host,
  type LifecycleEvent,
} from '@caisson/kernel';
import { DEFAULT_PLUGINS, OPTIONAL_PLUGINS } from './composition.js';
import { kekConfiguration } from './kek-configuration.js';

export interface ServerOptions {
  readonly document: ConfigDocument;
  readonly overrides?: readonly string[];
  /** Packages named by `use` are looked up from here. */
  readonly directory: string;
  readonly onEvent?: (event: LifecycleEvent) => void;
  /** The document as it is now, for what can change while the server runs. */
  readonly reread?: () => Promise<ConfigDocument>;
}

/** A host of the reference composition: planned and bound, not started. */
export async function createServer(options: ServerOptions): Promise<Host> {
  const { directory, overrides = [], onEvent, reread } = options;
  const sources = { defaults: DEFAULT_PLUGINS, optional: OPTIONAL_PLUGINS, directory };
  const choose = (document: ConfigDocument) => choosePlugins(applyOverrides(document, overrides), sources);
  const { plugins, sections } = await choose(options.document);
  const again =
    reread &&
    kekConfiguration(
      async () => choose(await reread()),
      () => host,
    );
  const host: Host = await createHost({
    plugins: [...plugins, ...(again ? [again] : [])],
    sections,
    ...(onEvent ? { onEvent } : {}),
  });
  return host;
}

export interface Process {
  on(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
  exit(code: number): never;
  write(text: string): void;
}

/**
 * Runs a host until a signal or a fatal fault, and returns the exit code.
 *
 * The first SIGTERM or SIGINT drains and stops; a second one exits at once.
 */
export async function runUntilStopped(
  host: Host,
  process: Process,
  onReady: (host: Host) => void = () => undefined,
): Promise<number> {
  const signalled = new Promise<'signal'>((resolve) => {
    let seen = 0;
    const onSignal = () => (++seen === 1 ? resolve('signal') : process.exit(EXIT_SECOND_SIGNAL));
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
  const starting = new AbortController();
  void signalled.then(() => starting.abort());
  try {
    await host.start(starting.signal);
  } catch (error) {
    if (starting.signal.aborted) return 0;
    reportFailure(error, process);
    return exitCodeOf(error);
  }
  onReady(host);
  logReady(host);
  const end = await Promise.race([signalled, host.failed]);
  return end === 'signal' ? stop(host, process) : stopAfterFault(host, end, process);
}

const EXIT_SECOND_SIGNAL = 130;

/** The operating error that explains `error` best: the innermost one of its causes. */
export function rootCause(error: unknown): CaissonError {
  let found = toCaissonError(error);
  while (isCaissonError(found.cause)) found = found.cause;
  return found;
}

export function exitCodeOf(error: unknown): number {
  return rootCause(error).entry.exit;
}

/** One line of what went wrong and the way out; for configuration, one line for each problem. */
export function reportFailure(error: unknown, process: Pick<Process, 'write'>): void {
  const cause = rootCause(error);
  const problems = cause.details['problems'];
  const { meaning, wayOut } = cause.entry;
  const isListed = Array.isArray(problems);
  // Where it stopped is as much of the story as why.
  if (isCaissonError(error, 'APPLY_HALTED')) process.write(`caissond: ${error.message}\n`);
  process.write(`caissond: ${isListed ? `${cause.code}: ${meaning} ${wayOut}` : cause.message}\n`);
  if (isListed) for (const problem of problems) process.write(`  - ${String(problem)}\n`);
  if (cause.code === 'INTERNAL' && cause.cause instanceof Error)
    process.write(`${cause.cause.stack ?? ''}\n`);
}

async function stop(host: Host, process: Process): Promise<number> {
  host.get(Logger).log('info', 'draining');
  try {
    await host.stop();
    return 0;
  } catch (error) {
    reportFailure(error, process);
    return exitCodeOf(error);
  }
}

async function stopAfterFault(host: Host, fault: CaissonError, process: Process): Promise<number> {
  host.get(Logger).log('error', 'stopping after a fatal fault', { error: fault });
  reportFailure(fault, process);
  await host.stop().catch((error: unknown) => reportFailure(error, process));
  return exitCodeOf(fault);
}

function logReady(host: Host): void {
  const serving = [...host.get(Gateway), ...host.get(AdminSurface)];
  for (const { name, addresses } of serving) {
    host.get(Logger).log('info', 'serving', { surface: name, addresses });
  }
}
