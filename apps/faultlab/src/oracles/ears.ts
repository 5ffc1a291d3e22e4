import { toHex } from '@caisson/base';
import type { Logger } from '@caisson/contracts';
import type { Findings } from './findings.js';
import { CANARY } from './spy.js';

const CANARY_BYTES = Buffer.from(CANARY);
const DEPTH_MAX = 6;
const FRAME = '\n    at ';
const FRAMES = /\n {4}at [^\n]*/g;

export interface EarsOptions {
  readonly findings: Findings;
  /** The bytes of every key. It grows. */
  readonly secrets: readonly Uint8Array[];
}

/**
 * Hears what nodes say to people: logs, errors, metrics, answers to operators. Values of users and keys never
 * belong there, whether anything is encrypted or not.
 */
export class Ears {
  /** Looked through, in characters. */
  heard = 0;
  readonly #findings: Findings;
  readonly #secrets: readonly Uint8Array[];
  #needles: readonly string[] = [];

  constructor({ findings, secrets }: EarsOptions) {
    this.#findings = findings;
    this.#secrets = secrets;
  }

  /** Whatever it is, down to its parts. */
  hear(where: string, thing: unknown): void {
    this.#judge(where, textOf(thing, DEPTH_MAX));
  }

  /** Bytes that people carry away, such as a backup; in a sealed cluster they hold no value either. */
  look(where: string, bytes: Uint8Array): void {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.heard += text.length;
    this.#findings.saw('E6', true);
    if (this.#secrets.some((secret) => text.includes(Buffer.from(secret))))
      this.#findings.add('E6', `${where} holds a key`);
  }

  /** Whether the bytes hold a value. */
  holdsValue(bytes: Uint8Array): boolean {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(CANARY_BYTES);
  }

  logger(sound: Logger): Logger {
    return {
      log: (level, message, fields = {}) => {
        this.hear('a log', [message, fields]);
        sound.log(level, message, fields);
      },
      child: (fields) => this.logger(sound.child(fields)),
    };
  }

  #judge(where: string, text: string): void {
    // Who called whom is searched, too, but differs between two runs of one storm, drawn and planned.
    this.heard += text.includes(FRAME) ? text.replaceAll(FRAMES, '').length : text.length;
    this.#findings.saw('E5');
    this.#findings.saw('E6');
    if (text.includes(CANARY)) this.#findings.add('E5', `${where} holds a value: ${text.slice(0, 80)}`);
    if (this.#needles.length < 2 * this.#secrets.length) this.#needles = this.#secrets.flatMap(writtenOut);
    if (this.#needles.some((needle) => text.includes(needle)))
      this.#findings.add('E6', `${where} holds a key`);
  }
}

function writtenOut(secret: Uint8Array): readonly string[] {
  return [toHex(secret), Buffer.from(secret).toString('base64').slice(0, 40)];
}

function textOf(thing: unknown, depth: number): string {
  if (thing instanceof Uint8Array) return `${Buffer.from(thing).toString('latin1')} ${toHex(thing)}`;
  if (typeof thing !== 'object' || thing === null) return String(thing);
  if (depth === 0) return '';
  const parts: unknown[] = Array.isArray(thing) ? thing : Object.entries(thing);
  const own =
    thing instanceof Error ? `${thing.name} ${thing.message} ${textOf(thing.cause, depth - 1)} ` : '';
  return own + parts.map((part) => textOf(part, depth - 1)).join(' ');
}
