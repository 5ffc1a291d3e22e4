import { execFile } from 'node:child_process';
import { appendFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Run } from '../campaigns/campaign.js';
import { ledgerLine } from '../reports/run-ledger.js';

/** Adds one line; whoever reads the file sees what ran when, of which commit. */
export async function appendToLedger(path: string, runs: readonly Run[]): Promise<void> {
  const place = { at: new Date().toISOString(), commit: await commitHere(), node: process.version };
  await appendFile(path, `${JSON.stringify(ledgerLine(runs, place))}\n`);
}

async function commitHere(): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('git', ['describe', '--always', '--dirty']);
    return stdout.trim();
  } catch {
    return '';
  }
}
