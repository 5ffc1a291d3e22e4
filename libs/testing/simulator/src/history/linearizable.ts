import { type Action, describeOperation, type Operation } from './operation.js';

export type Linearizability =
  | { readonly verdict: 'linearizable' }
  /** No order of the operations explains what they saw; `story` tells where every attempt ended. */
  | { readonly verdict: 'violated'; readonly story: string }
  /** Too many operations at once to decide within the budget. */
  | { readonly verdict: 'undecided' };

type Value = string | undefined;

/** Some operations in an order that explains them, and what the key holds after them. */
interface Attempt {
  /** All operations before this one, by call, are among them. */
  readonly first: number;
  /** Those among them from `first` on. */
  readonly beyond: ReadonlySet<number>;
  readonly value: Value;
}

const ATTEMPTS_MAX = 500_000;
const STORY_LINES = 30;

/**
 * Whether operations on one key can be put into one order that respects real time and in which each sees
 * what came before it. Searches all orders, and looks at each set of operations with its value once.
 */
export function judgeHistory(
  history: readonly Operation[],
  attemptsMax: number = ATTEMPTS_MAX,
): Linearizability {
  const operations = history.toSorted((a, b) => a.calledAt - b.calledAt);
  const seen = new Set<string>();
  const open: Attempt[] = [{ first: 0, beyond: new Set(), value: undefined }];
  let furthest = open[0]!;
  for (let attempt = open.pop(); attempt !== undefined; attempt = open.pop()) {
    if (isComplete(operations, attempt)) return { verdict: 'linearizable' };
    if (seen.size > attemptsMax) return { verdict: 'undecided' };
    if (reach(attempt) > reach(furthest)) furthest = attempt;
    for (const next of nextAttempts(operations, attempt)) {
      const name = `${next.first}|${[...next.beyond].sort((a, b) => a - b).join()}|${nameOf(next.value)}`;
      if (!seen.has(name)) open.push(next);
      seen.add(name);
    }
  }
  return { verdict: 'violated', story: tell(operations, furthest) };
}

const reach = ({ first, beyond }: Attempt): number => first + beyond.size;

/** No value, and an empty one, are two things. */
const nameOf = (value: Value): string => (value === undefined ? '' : `=${value}`);

function isComplete(operations: readonly Operation[], { first, beyond }: Attempt): boolean {
  for (let at = first; at < operations.length; at++) {
    if (!beyond.has(at) && operations[at]!.answeredAt !== Infinity) return false;
  }
  return true;
}

/** Whatever may come next: nothing that is left out may have been answered before it was called. */
function* nextAttempts(operations: readonly Operation[], attempt: Attempt): Generator<Attempt> {
  let deadline = Infinity;
  for (let at = attempt.first; at < operations.length; at++) {
    if (attempt.beyond.has(at)) continue;
    const { answeredAt, calledAt, action } = operations[at]!;
    if (calledAt > deadline) return;
    deadline = Math.min(deadline, answeredAt);
    const isPossible = isConsistent(action, attempt.value);
    if (isPossible) yield advanced(attempt, at, valueAfter(action, attempt.value));
  }
}

function advanced({ first, beyond }: Attempt, at: number, value: Value): Attempt {
  const taken = new Set(beyond).add(at);
  let next = first;
  while (taken.delete(next)) next++;
  return { first: next, beyond: taken, value };
}

function isConsistent(action: Action, value: Value): boolean {
  if (action.kind === 'read') return action.saw === value;
  if (action.kind === 'swap') return action.held === (action.expected === value);
  return true;
}

function valueAfter(action: Action, value: Value): Value {
  if (action.kind === 'write') return action.value;
  return action.kind === 'swap' && action.held ? action.value : value;
}

/** The operations around the place that no attempt got beyond. */
function tell(operations: readonly Operation[], furthest: Attempt): string {
  const { first, beyond, value } = furthest;
  const from = Math.max(first - STORY_LINES / 2, 0);
  const lines = operations.slice(from, from + STORY_LINES).map((operation, at) => {
    const isTaken = from + at < first || beyond.has(from + at);
    return `${isTaken ? ' ' : '?'} ${describeOperation(operation)}`;
  });
  return [`the key holds ${value ?? 'nothing'}, and nothing marked ? can come next`, ...lines].join('\n');
}
