import type { ErrorCode } from '@caisson/contracts';

/** Everybody. */
const ALL = '*';

/** Errors that a fault explains, by the node that has them: whoever complains of another one is heard. */
export class Excuses {
  #coversAll = false;
  readonly #codes = new Map<string, Set<ErrorCode>>();

  /** From now on, for one node or for all. */
  add(node: string | undefined, codes: readonly ErrorCode[]): void {
    const known = this.#codes.get(node ?? ALL) ?? new Set();
    for (const code of codes) known.add(code);
    this.#codes.set(node ?? ALL, known);
  }

  /** Nothing that anybody complains of is a surprise. */
  coverAll(): void {
    this.#coversAll = true;
  }

  /** Whether a complaint of the node names such an error. */
  covers(node: string, complaint: string): boolean {
    if (this.#coversAll) return true;
    return [node, ALL].some((who) =>
      [...(this.#codes.get(who) ?? [])].some((code) => complaint.includes(code)),
    );
  }
}
