import { performance } from 'node:perf_hooks';
import type { Findings } from '../oracles/findings.js';
import { generationNow } from './generations.js';

/** What would answer differently in the next run: by its owner and its name there. */
const DOORS: readonly (readonly [owner: object, name: string])[] = [
  [Date, 'now'],
  [Math, 'random'],
  [globalThis, 'setTimeout'],
  [globalThis, 'setInterval'],
  [performance, 'now'],
  [AbortSignal, 'timeout'],
  [globalThis.crypto, 'getRandomValues'],
  [globalThis.crypto, 'randomUUID'],
];
/** Turns of the loop come in one order, each time: they are no way out. */
const HARMLESS: ReadonlySet<string> = new Set(['Immediate']);

type Call = (...args: readonly unknown[]) => unknown;

let areShut = false;
/** Who is told of what happens now; the last of those that have not ended, between turns. */
const now: { inTurn: RealWorld | undefined } = { inTurn: undefined };
const open = new Set<RealWorld>();
let isAlone = false;

/** This process does nothing but simulate: whatever begins in a turn was begun by the turn. */
export function beAlone(): void {
  isAlone = true;
}

/**
 * Sees that a simulated turn leaves the real world alone: the clock, chance and timers throw within it, and a
 * promise that nobody looks after is told of. Where the process is alone, so is whatever a turn begins out
 * there (timers, sockets, requests to the file system). Outside of turns all is what it was.
 *
 * Not seen: work that Node.js hands to its threads without a request of its own, as `zlib` and `crypto` do
 * with callbacks, and what such work answers. Two runs of one seed show these, where they make a difference.
 */
export class RealWorld {
  readonly #findings: Findings;
  readonly #isAlone: boolean;
  #before: readonly string[] = [];

  constructor(findings: Findings, isAloneHere = isAlone) {
    this.#findings = findings;
    this.#isAlone = isAloneHere;
  }

  enter(): void {
    if (!areShut) shut();
    if (open.size === 0) process.on('unhandledRejection', onRejection);
    open.add(this);
    now.inTurn = this;
    if (this.#isAlone) this.#before = process.getActiveResourcesInfo();
  }

  leave(): void {
    now.inTurn = undefined;
    this.#findings.saw('H9');
    if (!this.#isAlone) return;
    const begun = beyond(process.getActiveResourcesInfo(), this.#before);
    if (begun.length > 0) this.#findings.add('H9', `begun in a simulated turn: ${begun.join(', ')}`);
  }

  /** Nothing more of this storm is to come. */
  end(): void {
    if (!open.delete(this)) return;
    if (open.size === 0) process.off('unhandledRejection', onRejection);
  }

  /** Somebody asked what only the real world can answer. */
  touched(name: string): void {
    this.#findings.add('H9', `${name} in a simulated turn${by()}`);
  }

  forsaken(reason: unknown): void {
    const text = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
    this.#findings.add('H9', `nobody looks after a promise${by()}: ${text}`);
  }
}

/** Once for the process: behind each door stands what always did. */
function shut(): void {
  areShut = true;
  for (const [owner, name] of DOORS) {
    const real = Reflect.get(owner, name) as Call;
    const guarded = function guarded(this: unknown, ...args: readonly unknown[]): unknown {
      if (now.inTurn === undefined) return Reflect.apply(real, this, args);
      now.inTurn.touched(name);
      throw new RangeError(`${name} is not to be had in a simulated turn`);
    };
    Object.defineProperty(owner, name, { value: guarded, configurable: true, writable: true });
  }
}

function onRejection(reason: unknown): void {
  (now.inTurn ?? [...open].at(-1))?.forsaken(reason);
}

function by(): string {
  const generation = generationNow();
  return generation === undefined ? '' : ` by ${generation}`;
}

/** What of `after` was not there before; what is gone meanwhile ended by itself. */
function beyond(after: readonly string[], before: readonly string[]): readonly string[] {
  const rest = [...before];
  return after.filter((name) => {
    const at = rest.indexOf(name);
    if (at >= 0) rest.splice(at, 1);
    return at < 0 && !HARMLESS.has(name);
  });
}
