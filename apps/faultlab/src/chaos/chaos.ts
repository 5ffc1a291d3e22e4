import type { Finding } from '../oracles/rules.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEEDS } from './actions.js';
import type { Capability } from './capabilities.js';
import { examine } from './checks.js';
import type { Journal } from './journal.js';
import { Lists } from './lists.js';
import { OrderRefused } from './orders.js';
import { Registers } from './registers.js';
import type { Action, ChaosPlan } from './schedule.js';
import { Stage } from './stage.js';

export interface ChaosOptions {
  readonly plan: ChaosPlan;
  readonly capabilities: readonly Capability[];
  readonly journal: Journal;
  readonly signal: AbortSignal;
  /** After each action. */
  readonly onAction: (done: ActionDone) => void;
}

export interface ActionDone {
  readonly action: Action;
  readonly target: string;
  readonly elapsedMs: number;
  readonly operations: number;
  /** Why an order was not carried out. */
  readonly refused?: string;
}

export interface ChaosResult {
  readonly findings: readonly Finding[];
  readonly seconds: number;
  /** Actions carried out, by kind. */
  readonly actions: Readonly<Record<string, number>>;
  readonly refused: number;
  readonly operations: number;
  readonly unknown: number;
  readonly transactions: number;
  readonly bytesSearched: number;
}

const REGISTER_CLIENTS = 7;
const LIST_CLIENTS = 2;
/** For a cluster that is well again, before it is held to that. */
const SETTLE_MS = 2_000;

/** Real processes under a plan, with clients beside them; everything is judged at the end. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { capabilities, plan } = options;
  const stage = await Stage.open(plan.nodes, capabilities);
  const client = await stage.client();
  try {
    const registers = new Registers(client, plan.seed, REGISTER_CLIENTS);
    const lists = new Lists(client, LIST_CLIENTS);
    const done = await attack(stage, options, registers);
    await sleep(SETTLE_MS);
    await Promise.all([registers.stop(), lists.stop()]);
    const { bytesSearched, findings } = await examine(stage, registers, lists);
    const { operations, unknown } = registers;
    return { ...done, findings, operations, unknown, transactions: lists.transactions, bytesSearched };
  } finally {
    client.close();
    await stage.close();
  }
}

async function attack(
  stage: Stage,
  { journal, onAction, plan, signal }: ChaosOptions,
  registers: Registers,
): Promise<Pick<ChaosResult, 'seconds' | 'actions' | 'refused'>> {
  const begunAt = performance.now();
  const actions: Record<string, number> = {};
  let refused = 0;
  for (const action of plan.actions) {
    if (performance.now() - begunAt >= plan.durationMs || signal.aborted) break;
    const deed = DEEDS[action.kind]!;
    const member = deed.isOfOne
      ? stage.member(stage.apart!.name)
      : stage.members[action.target % stage.members.length]!;
    const target = member.node.name;
    journal.note('begins', `${deed.about}: ${target}`, action);
    const why = await carriedOut(() => deed.run(stage, member, action));
    journal.note(why === undefined ? 'ends' : 'fails', why ?? target, action);
    if (why === undefined) actions[action.kind] = (actions[action.kind] ?? 0) + 1;
    else refused++;
    const elapsedMs = performance.now() - begunAt;
    onAction({ action, target, elapsedMs, operations: registers.operations, ...(why && { refused: why }) });
    await sleep(action.restMs);
  }
  return { seconds: (performance.now() - begunAt) / 1000, actions, refused };
}

/** An order may be refused while things go wrong; whatever else fails is not to be expected. */
async function carriedOut(run: () => Promise<void>): Promise<string | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    if (error instanceof OrderRefused || error instanceof RangeError) return error.message;
    throw error;
  }
}
