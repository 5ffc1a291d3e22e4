import type { Finding } from '../oracles/rules.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { isCaissonError } from '@caisson/contracts';
import { NodeEndedError } from '@caisson/demo';
import { DEEDS } from './actions.js';
import { Broken } from './broken.js';
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
  /** Every action of the plan is carried out, however long that takes. */
  readonly isRepetition?: boolean;
  /** Kinds that cannot be had here, and why. */
  readonly left?: ReadonlyMap<string, string>;
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
const NOTHING = { findings: [], bytesSearched: 0 } as const;

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
    const isWhole = done.findings.length === 0;
    const examined = examine(stage, registers, lists);
    // A cluster that is broken already may answer nothing any more.
    const { bytesSearched, findings: judged } = await (isWhole ? examined : examined.catch(() => NOTHING));
    const { operations, unknown } = registers;
    const findings = [...done.findings, ...judged];
    return { ...done, findings, operations, unknown, transactions: lists.transactions, bytesSearched };
  } finally {
    await stage.close();
  }
}

async function attack(
  stage: Stage,
  { isRepetition = false, journal, left = new Map(), onAction, plan, signal }: ChaosOptions,
  registers: Registers,
): Promise<Pick<ChaosResult, 'seconds' | 'actions' | 'refused' | 'findings'>> {
  const begunAt = performance.now();
  const findings: Finding[] = [];
  const actions: Record<string, number> = {};
  let refused = 0;
  for (const action of plan.actions) {
    const isOver = !isRepetition && performance.now() - begunAt >= plan.durationMs;
    if (isOver || signal.aborted || findings.length > 0) break;
    const deed = DEEDS[action.kind];
    const member = deed?.isOfOne
      ? stage.member(stage.apart?.name ?? '')
      : stage.members[action.target % stage.members.length];
    const target = member?.node.name ?? 'nobody';
    journal.note('begins', `${deed?.about}: ${target}`, action);
    const came = await carriedOut(async () => {
      if (deed === undefined || member === undefined || left.has(action.kind))
        throw new OrderRefused(left.get(action.kind) ?? 'this machine has nothing to do it to');
      await deed.run(stage, member, action);
    });
    const why = came instanceof Error ? came.message : undefined;
    if (came instanceof Broken) findings.push({ rule: came.rule, atMs: journal.atMs, text: came.message });
    journal.note(why === undefined ? 'ends' : 'fails', why ?? target, action);
    if (why === undefined) actions[action.kind] = (actions[action.kind] ?? 0) + 1;
    else refused++;
    const elapsedMs = performance.now() - begunAt;
    onAction({ action, target, elapsedMs, operations: registers.operations, ...(why && { refused: why }) });
    if (why !== undefined && findings.length === 0) await stage.revive();
    await sleep(action.restMs);
  }
  return { seconds: (performance.now() - begunAt) / 1000, actions, refused, findings };
}

/** An order may be refused while things go wrong; whatever else fails is not to be expected. */
async function carriedOut(run: () => Promise<void>): Promise<OrderRefused | RangeError | Broken | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    if (error instanceof NodeEndedError)
      return new Broken('L1', `a node does not come back: ${error.message}`);
    if (isCaissonError(error)) return new OrderRefused(error.message);
    if (error instanceof OrderRefused || error instanceof RangeError || error instanceof Broken) return error;
    throw error;
  }
}
