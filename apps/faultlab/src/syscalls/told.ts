import { isCaissonError } from '@caisson/contracts';
import { writeSync } from 'node:fs';

/** What a process said of its steps before it was gone. */
export interface Told {
  readonly begun: readonly number[];
  readonly acknowledged: readonly number[];
  /** Steps that failed, with the code of why. */
  readonly refused: readonly (readonly [step: number, code: string])[];
  /** The same of what promises nothing. */
  readonly asides: readonly (readonly [step: number, code: string])[];
  /** Whether it came to the end of its series. */
  readonly isDone: boolean;
}

/** What an error is called that has none of the codes of the catalogue. */
export const UNTYPED = 'UNTYPED';

/** Takes the steps of a series, and tells of them. */
export interface Steps {
  /** What may be relied on once it has been acknowledged. */
  take(step: number, work: () => Promise<unknown>): Promise<void>;
  /** What promises nothing about content. */
  aside(step: number, work: () => Promise<unknown>): Promise<void>;
  /** The first that failed: nobody goes on from there but another process. */
  readonly failed: number | undefined;
}

const STANDARD_OUTPUT = 1;

/**
 * Says so of each step before anything else happens: a line that the process did not live to write is a
 * promise that it did not make. A step that fails is told, and the next one is taken all the same.
 */
export class ToldSteps implements Steps {
  readonly #isHasty: boolean;
  #failed: number | undefined;

  constructor({ isHasty = false }: { readonly isHasty?: boolean } = {}) {
    this.#isHasty = isHasty;
  }

  get failed(): number | undefined {
    return this.#failed;
  }

  async take(step: number, work: () => Promise<unknown>): Promise<void> {
    tell(`> ${step}`);
    if (this.#isHasty) tell(`< ${step}`);
    const code = await this.#failureOf(step, work);
    tell(code === undefined ? `< ${step}` : `! ${step} ${code}`);
  }

  async aside(step: number, work: () => Promise<unknown>): Promise<void> {
    const code = await this.#failureOf(step, work);
    if (code !== undefined) tell(`~ ${step} ${code}`);
  }

  async #failureOf(step: number, work: () => Promise<unknown>): Promise<string | undefined> {
    try {
      await work();
      return undefined;
    } catch (error) {
      this.#failed ??= step;
      return codeOf(error);
    }
  }
}

export function tellDone(): void {
  tell('done');
}

/** Of what is at the bottom of it. */
export function codeOf(error: unknown): string {
  if (!isCaissonError(error)) return UNTYPED;
  return isCaissonError(error.cause) ? codeOf(error.cause) : error.code;
}

/** The last line may be cut off. */
export function parseTold(output: string): Told {
  const begun: number[] = [];
  const acknowledged = new Set<number>();
  const refused: [number, string][] = [];
  const asides: [number, string][] = [];
  let isDone = false;
  for (const line of output.split('\n').slice(0, -1)) {
    const [what, step, code] = line.split(' ');
    if (what === '>') begun.push(Number(step));
    if (what === '<') acknowledged.add(Number(step));
    if (what === '!') refused.push([Number(step), code!]);
    if (what === '~') asides.push([Number(step), code!]);
    if (what === 'done') isDone = true;
  }
  return { begun, acknowledged: [...acknowledged], refused, asides, isDone };
}

/** The first step of which nothing is known, if there is one: it failed, or nobody heard of it again. */
export function firstInDoubt({ acknowledged, begun }: Told): number | undefined {
  const known = new Set(acknowledged);
  return begun.find((step) => !known.has(step));
}

/** What was acknowledged after something had failed, when nothing is known of what is there. */
export function acknowledgedTooLate({ acknowledged, refused }: Told): number | undefined {
  const failed = refused[0]?.[0] ?? Infinity;
  return acknowledged.find((step) => step > failed);
}

function tell(line: string): void {
  writeSync(STANDARD_OUTPUT, `${line}\n`);
}
