import { agreeingDigests } from '@caisson/demo';
import { judgeHistory } from '@caisson/simulator';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding, RuleId } from '../oracles/rules.js';
import type { Lists } from './lists.js';
import { MARK, type Registers } from './registers.js';
import type { Stage } from './stage.js';

export interface Checked {
  readonly findings: readonly Finding[];
  readonly bytesSearched: number;
  readonly members: number;
}

/** Fewer shows nothing. */
const OPERATIONS_MIN = 30;

/** Everything that can be said once nothing goes wrong any more. Ends the processes. */
export async function examine(stage: Stage, registers: Registers, lists: Lists): Promise<Checked> {
  const findings: Finding[] = [];
  const add = (rule: RuleId, text: string) => void findings.push({ rule, atMs: 0, text });
  await registers.readAll();
  await lists.judge();
  for (const [key, history] of registers.histories) {
    const judged = judgeHistory(history);
    if (judged.verdict === 'violated') add('T1', `${key}: ${judged.story}`);
    if (judged.verdict === 'undecided')
      add('H5', `${key}: ${history.length} operations are too many at once`);
  }
  for (const fault of lists.faults) add('T2', fault);
  if (registers.operations < OPERATIONS_MIN) add('H6', `${registers.operations} operations only`);
  await compareMembers(stage, add);
  for (const { node } of stage.members) await searchSurfaces(node.name, await surfacesOf(node), add);
  for (const { node } of stage.members) await node.end('SIGTERM');
  let bytesSearched = 0;
  for (const { folder, node } of stage.members) bytesSearched += await searchFolder(node.name, folder, add);
  return { findings, bytesSearched, members: stage.members.length };
}

type Add = (rule: RuleId, text: string) => void;

async function compareMembers(stage: Stage, add: Add): Promise<void> {
  const digests = await agreeingDigests(stage.playground);
  const states = new Set([...digests.values()].map(({ digest, position }) => `${position} ${digest}`));
  if (states.size === 1) return;
  const told = [...digests].map(
    ([name, { digest, position }]) => `${name} ${digest.slice(0, 12)} at ${position}`,
  );
  add('T10', told.join(', '));
}

interface Surface {
  readonly name: string;
  readonly text: string;
}

/** What a node says to people and to machines that watch it. */
async function surfacesOf(node: Stage['members'][number]['node']): Promise<readonly Surface[]> {
  const answer = await fetch(`http://${node.process.adminAddress}/metrics`).catch(() => undefined);
  return [
    { name: 'log', text: node.process.log },
    { name: 'metrics', text: (await answer?.text()) ?? '' },
  ];
}

async function searchSurfaces(node: string, surfaces: readonly Surface[], add: Add): Promise<void> {
  for (const { name, text } of surfaces)
    if (text.includes(MARK)) add('E5', `a value stands in the ${name} of ${node}`);
}

/** Every byte of every file; answers how many there were. */
async function searchFolder(node: string, folder: string, add: Add): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const content = await readFile(join(entry.parentPath, entry.name));
    bytes += content.length;
    if (content.includes(MARK)) add('E5', `a value stands in ${entry.name} of ${node}`);
  }
  return bytes;
}
