import Table from 'cli-table3';
import { EXIT_CODES, describeFinding, exitCodeOf } from '../oracles/rules.js';
import { plantNamed } from '../plants/plants.js';
import { runSeals, type SealsVerdict } from '../profiles/seals.js';
import { say, tell, writeDocument } from './output.js';

export interface SealsCommandOptions {
  readonly from: number;
  readonly seals: number;
  readonly plant?: string;
  readonly json?: string;
}

const SEALS_SCHEMA = 'caisson.faultlab.seals/v1';
const PROGRESS_MS = 5000;

/** `sim --profile seals`: one directed run, and no storm. */
export async function sealsProfile({ from, json, plant, seals }: SealsCommandOptions): Promise<void> {
  const print = json === '-' ? tell : say;
  const begunAt = performance.now();
  let toldAt = begunAt;
  const onRound = (done: number): void => {
    const now = performance.now();
    if (now - toldAt < PROGRESS_MS) return;
    toldAt = now;
    const rate = done / (now - begunAt);
    const left = Math.max(0, (seals - done) / rate / 1000);
    tell(`${done} of ${seals} seals, ${Math.round(rate * 1000)}/s, ${left.toFixed(0)} s to go`);
  };
  const verdict = await runSeals({
    seed: from,
    seals,
    onRound,
    plants: plant === undefined ? {} : plantNamed(plant),
  });
  const wallMs = performance.now() - begunAt;
  for (const finding of verdict.findings.slice(0, 10)) print(describeFinding(finding));
  print(tableOf(verdict, wallMs));
  if (json !== undefined) await writeDocument(json, { schema: SEALS_SCHEMA, seed: from, wallMs, ...verdict });
  process.exitCode = exitCodeOf(verdict.findings) || EXIT_CODES.ok;
}

function tableOf(verdict: SealsVerdict, wallMs: number): string {
  const table = new Table({ style: { head: [], border: [] } });
  const reuses = verdict.findings.filter(({ rule }) => rule === 'E1').length;
  table.push(
    ['seals through the ledger', String(verdict.seals)],
    ['keys met twice with one nonce', String(reuses)],
    ['streams of nonces', String(verdict.streams)],
    ['seals compared text by text', String(verdict.sampled)],
    ['disks put back', `${verdict.rollbacks} times, half of them one disk of three`],
    ['disks cloned, with both running', `${verdict.clones} times`],
    ['second clusters of a backup', `${verdict.secondClusters}, while the first ran`],
    ['rounds, writes', `${verdict.rounds}, ${verdict.writes}`],
    ['bytes searched for values', String(verdict.bytesScanned)],
    ['simulated time', `${(verdict.simulatedMs / 1000).toFixed(1)} s`],
    ['real time', `${(wallMs / 1000).toFixed(1)} s`],
  );
  return table.toString();
}
