import type { NodeId } from '../message/entry.js';
import type { Environment } from './environment.js';

interface Phase {
  readonly title: string;
  isDue(environment: Environment, id: NodeId): boolean;
  work(environment: Environment, id: NodeId): void;
}

const PHASES: readonly Phase[] = [
  {
    title: 'handling Ready',
    isDue: (environment, id) => environment.node(id).raw.hasReady(),
    work: (environment, id) => environment.processReady(id),
  },
  {
    title: 'receiving messages',
    isDue: (environment, id) => environment.hasMessagesFor(id),
    work: (environment, id) => environment.deliver({ id, isDropping: false }),
  },
  {
    title: 'processing append thread',
    isDue: (environment, id) => environment.node(id).appendWork.length > 0,
    work: (environment, id) => {
      while (environment.node(id).appendWork.length > 0) environment.processAppend(id);
    },
  },
  {
    title: 'processing apply thread',
    isDue: (environment, id) => environment.node(id).applyWork.length > 0,
    work: (environment, id) => {
      while (environment.node(id).applyWork.length > 0) environment.processApply(id);
    },
  },
];

function runPhase(environment: Environment, phase: Phase, ids: readonly NodeId[]): boolean {
  const { output } = environment;
  let isIdle = true;
  for (const id of ids) {
    if (!phase.isDue(environment, id)) continue;
    isIdle = false;
    output.write(`> ${id} ${phase.title}\n`);
    output.indented(() => phase.work(environment, id));
  }
  return isIdle;
}

/**
 * Lets the given nodes, or all, work until nothing is left to do for them; each phase over all nodes first.
 */
export function stabilize(environment: Environment, given: readonly NodeId[]): void {
  const ids = given.length > 0 ? given : environment.nodes.map(({ raw }) => raw.id);
  for (let isIdle = false; !isIdle; ) {
    isIdle = true;
    for (const phase of PHASES) isIdle = runPhase(environment, phase, ids) && isIdle;
  }
}
