import { destination, pino, type Logger as Pino } from 'pino';
import pretty from 'pino-pretty';
import type { LogFields, Logger, LogLevel } from '@caisson/contracts';
import { presentFields } from './log-fields.js';

export interface LogOptions {
  readonly level: LogLevel | 'silent';
  readonly format: 'json' | 'pretty';
}

const STDERR = 2;

/**
 * Lines on stderr, so that stdout stays free for what a program is asked to print. Written synchronously:
 * the last line before a crash is the one that matters.
 */
export class PinoLogger implements Logger {
  readonly #pino: Pino;

  constructor(pino: Pino) {
    this.#pino = pino;
  }

  log(level: LogLevel, message: string, fields?: LogFields): void {
    if (!this.#pino.isLevelEnabled(level)) return;
    if (fields === undefined) this.#pino[level](message);
    else this.#pino[level](presentFields(fields), message);
  }

  child(fields: LogFields): Logger {
    return new PinoLogger(this.#pino.child(presentFields(fields)));
  }
}

export function createLogger(options: LogOptions): Logger {
  const settings = {
    level: options.level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const stream =
    options.format === 'pretty'
      ? pretty({ destination: STDERR, sync: true, colorize: process.stderr.isTTY, singleLine: true })
      : destination({ dest: STDERR, sync: true });
  return new PinoLogger(pino(settings, stream));
}
