import {
  CaissonError,
  type Clock,
  type GroupEncryption,
  type Logger,
  type NodeIdentity,
  type RaftTransport,
} from '@caisson/contracts';
import { ClearEncryption } from '@caisson/compliance';
import { fullNodeId } from '@caisson/formats';
import { MemoryStores } from '@caisson/store-memory';
import { EMPTY_MEMBERSHIP, MembershipBook, PeerQuestions, raftIdOf } from '../index.js';

export const CLUSTER_ID = new Uint8Array(16).fill(7);
export const quiet: Logger = { log: () => undefined, child: () => quiet };

export const identityOf = (name: string, changes: Partial<NodeIdentity> = {}): NodeIdentity => ({
  name,
  clusterId: CLUSTER_ID,
  format: 1,
  birth: 'clear',
  ...changes,
});

export const stated = (name: string) => ({ address: `${name}:7000`, clientAddress: `${name}:8000` });

/** Voters first, then learners. */
export function bookOf(voters: readonly string[], learners: readonly string[] = []): MembershipBook {
  let book = new MembershipBook(EMPTY_MEMBERSHIP);
  const ids = (names: readonly string[]) => names.map((name) => raftIdOf(fullNodeId(name)));
  const joined: string[] = [];
  for (const name of [...voters, ...learners]) {
    joined.push(name);
    const state = {
      voters: ids(voters.filter((voter) => joined.includes(voter))),
      learners: ids(learners.filter((learner) => joined.includes(learner))),
      votersOutgoing: [],
      learnersNext: [],
      autoLeave: false,
    };
    book = book.apply(state, { proposalId: 1n, name, ...stated(name) }, joined.length);
  }
  return book;
}

/** Nodes that answer questions; whoever is not there is unreachable. */
export class Answering implements Pick<RaftTransport, 'ask'> {
  readonly nodes = new Map<string, PeerQuestions>();
  readonly asked: string[] = [];
  /** Where it is not the name's own. */
  readonly behind = new Map<string, string>();

  async ask(
    { name, address }: { readonly name: string; readonly address: string },
    question: Uint8Array,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    this.asked.push(name);
    const node = this.nodes.get(this.behind.get(address) ?? name);
    const answer = node?.answerers.get(question[0]!);
    if (answer === undefined) throw new CaissonError('UNAVAILABLE', { name });
    return answer(1n, question, signal);
  }

  add(name: string, changes: Partial<NodeIdentity> = {}, groups: readonly number[] = [1]): PeerQuestions {
    const layer = new ClearEncryption(new MemoryStores());
    const questions = new PeerQuestions({ identity: () => identityOf(name, changes), layer, groups });
    this.nodes.set(name, questions);
    return questions;
  }

  /** A node whose group is open and whose rows say this about everybody. */
  async open(name: string, registeredEpoch: number | undefined): Promise<GroupEncryption> {
    const layer = new ClearEncryption(new MemoryStores());
    const { openGroup } = layer;
    layer.openGroup = async (id, signal) => {
      const encryption = await openGroup.call(layer, id, signal);
      return { ...encryption, registeredEpoch: async () => registeredEpoch };
    };
    const questions = new PeerQuestions({ identity: () => identityOf(name), layer, groups: [1] });
    this.nodes.set(name, questions);
    return questions.layer.openGroup(1);
  }
}

/** Alarms never ring; sleeping takes a turn. */
export class TurningClock implements Pick<Clock, 'after' | 'sleep'> {
  slept = 0;
  onSleep: () => void = () => undefined;
  after = () => () => undefined;

  async sleep(_ms: number, signal?: AbortSignal): Promise<void> {
    this.slept++;
    await Promise.resolve();
    this.onSleep();
    signal?.throwIfAborted();
  }
}
