import { agreeingDigests } from '@caisson/demo';
import { judgeHistory } from '@caisson/simulator';
import type { Finding, RuleId } from '../oracles/rules.js';
import type { Lists } from './lists.js';
import type { Registers } from './registers.js';
import type { Stage } from './stage.js';
import { QUESTIONS } from './surfaces.js';

export interface Checked {
  readonly findings: readonly Finding[];
  readonly bytesSearched: number;
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
  await searchEverything(stage);
  return { findings: [...findings, ...stage.surfaces.findings], bytesSearched: stage.surfaces.bytesSearched };
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

/** What nodes answer and have ever said, then, with all of them stopped, every file. */
async function searchEverything({ members, playground, surfaces }: Stage): Promise<void> {
  for (const { node } of members) await surfaces.searchPages(node);
  for (const [at, words] of QUESTIONS.entries()) {
    const { node } = members[at % members.length]!;
    const { stderr, stdout } = await playground.run(node, ...words);
    surfaces.search(`what ${words.join(' ')} answers on ${node.name}`, stdout + stderr);
  }
  for (const { node } of members) await node.end('SIGTERM');
  for (const node of playground.nodes) surfaces.search(`what ${node.name} has said`, node.said);
  for (const { folder, node } of members) await surfaces.searchFolder(node.name, folder);
}
