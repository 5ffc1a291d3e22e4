import type { ClusterNode } from '@caisson/demo';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding } from '../oracles/rules.js';
import { MARK } from './registers.js';

const NEEDLE = Buffer.from(MARK);

/** What the doors of a node for people and machines answer, over HTTP. */
const PAGES: readonly string[] = ['/metrics', '/readyz', '/healthz', '/'];
/** What an operator may ask of any node at any time. */
export const QUESTIONS: readonly (readonly string[])[] = [
  ['status'],
  ['doctor'],
  ['cluster', 'status'],
  ['cluster', 'members'],
  ['encryption', 'status'],
  ['kek', 'list'],
  ['audit', 'log'],
];

/** Looks for values wherever they must not be (E5), while a run goes on and at its end. */
export class Surfaces {
  readonly findings: Finding[] = [];
  #bytes = 0;

  get bytesSearched(): number {
    return this.#bytes;
  }

  search(what: string, content: string | Buffer): void {
    this.#bytes += content.length;
    if (content.includes(MARK))
      this.findings.push({ rule: 'E5', atMs: 0, text: `a value stands in ${what}` });
  }

  /** What passes a wire, piece by piece: a value may begin in one piece and end in another. */
  wire(what: string): (chunk: Buffer) => void {
    let tail = Buffer.alloc(0);
    return (chunk) => {
      this.#bytes += chunk.length;
      const seam = Buffer.concat([tail, chunk.subarray(0, NEEDLE.length)]);
      if (seam.includes(NEEDLE) || chunk.includes(NEEDLE))
        this.findings.push({ rule: 'E5', atMs: 0, text: `a value passes ${what}` });
      const kept = chunk.length >= NEEDLE.length ? chunk : Buffer.concat([tail, chunk]);
      tail = Buffer.from(kept.subarray(Math.max(0, kept.length - NEEDLE.length + 1)));
    };
  }

  /** What a node says of itself to whoever asks its administrative door. */
  async searchPages({ name, process }: ClusterNode): Promise<void> {
    for (const page of PAGES) {
      const answer = await fetch(`http://${process.adminAddress}${page}`).catch(() => undefined);
      this.search(`${page} of ${name}`, (await answer?.text().catch(() => '')) ?? '');
    }
  }

  /** Every byte of every file below a folder. */
  async searchFolder(what: string, folder: string): Promise<void> {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      this.search(`${entry.name} of ${what}`, await readFile(join(entry.parentPath, entry.name)));
    }
  }
}
