import type { LogLevel } from '../message/log-sink.js';
import { ScriptError } from './directive.js';

const LEVELS = ['DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL', 'NONE'] as const;
type OutputLevel = (typeof LEVELS)[number];

/** What a directive prints: the words of the script commands and of the nodes, at the level asked for. */
export class Output {
  #text = '';
  #level: OutputLevel = 'DEBUG';

  get isQuiet(): boolean {
    return this.#level === 'NONE';
  }

  get level(): OutputLevel {
    return this.#level;
  }

  setLevel(name: string): void {
    const level = LEVELS.find((known) => known === name.toUpperCase());
    if (level === undefined) throw new ScriptError(`log levels must be either of [${LEVELS.join(' ')}]`);
    this.#level = level;
  }

  write(text: string): void {
    if (!this.isQuiet) this.#text += text;
  }

  log(level: LogLevel, text: string): void {
    const name = level.toUpperCase() as OutputLevel;
    if (LEVELS.indexOf(this.#level) <= LEVELS.indexOf(name)) this.write(`${name} ${text}\n`);
  }

  /** What `body` writes goes out as lines with two leading spaces. */
  indented(body: () => void): void {
    const outer = this.#text;
    this.#text = '';
    try {
      body();
    } finally {
      const lines = this.#text.replace(/\n$/, '').split('\n');
      const inner = this.#text === '' ? '' : lines.map((line) => `  ${line}\n`).join('');
      this.#text = outer + inner;
    }
  }

  /** Takes what was written and starts afresh. */
  take(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }
}
