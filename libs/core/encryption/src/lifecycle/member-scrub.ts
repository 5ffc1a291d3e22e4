import {
  CaissonError,
  type Clock,
  type DataDirectory,
  type ErrorCode,
  isCaissonError,
  type Member,
  type MemberScrub,
  type RaftTransport,
  type ReplicationEngine,
  type ScrubOrder,
  type ScrubState,
} from '@caisson/contracts';
import { decodeScrubAnswer, encodeScrubQuestion } from '@caisson/formats';

export interface ScrubbingParts {
  readonly engine: Pick<ReplicationEngine, 'scrub'>;
  readonly directory: Pick<DataDirectory, 'identity'>;
  /** Absent on a node without peers. */
  readonly transport: Pick<RaftTransport, 'ask'> | undefined;
  readonly clock: Pick<Clock, 'after' | 'sleep'>;
}

export interface GroupScrubOrder extends ScrubOrder {
  readonly group: number;
  readonly members: readonly Member[];
  /** Name of the member that the others are fed from. */
  readonly leader: string | undefined;
}

type Stages = readonly MemberScrub[];

const ASK_EVERY_MS = 250;
/** A member that leaves so many questions unanswered is given up: ten seconds where nobody is there. */
const SILENT_MAX = 40;
const ANSWER_MS_MAX = 5_000;
const MAY_PASS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['UNAVAILABLE', 'DRAINING', 'CANCELLED']);

/**
 * Has every member of a group free its files, and says how far each of them is whenever that changes.
 *
 * Members are asked over the transport between nodes and not by the client: the order covers learners and
 * members that clients do not reach, and whoever gave it needs no further rights. They all begin at once but
 * for the leader, from whose log members that lack entries are fed until then.
 */
export class MemberScrubs {
  readonly #parts: ScrubbingParts;

  constructor(parts: ScrubbingParts) {
    this.#parts = parts;
  }

  async *carryOut(order: GroupScrubOrder, signal?: AbortSignal): AsyncGenerator<Stages, void, undefined> {
    const all = order.members.map((member) => new AskedMember(member));
    const isLast = ({ member }: AskedMember) => member.name === order.leader;
    for (const round of [all.filter((asked) => !isLast(asked)), all.filter(isLast)]) {
      yield* this.#untilThrough(order, round, { all, signal });
    }
    const problems = all.flatMap((member) => member.problem ?? []);
    if (problems.length > 0) throw new CaissonError('SCRUB_INCOMPLETE', { group: order.group, problems });
  }

  async *#untilThrough(
    order: GroupScrubOrder,
    members: readonly AskedMember[],
    { all, signal }: { readonly all: readonly AskedMember[]; readonly signal: AbortSignal | undefined },
  ): AsyncGenerator<Stages, void, undefined> {
    const { clock } = this.#parts;
    let said = '';
    for (;;) {
      const waiting = members.filter((member) => !member.isThrough);
      await Promise.all(waiting.map((member) => this.#ask(order, member, signal)));
      const stages = all.map(({ member: { name }, stage }) => ({ name, stage }));
      const now = JSON.stringify(stages);
      if (now !== said) yield stages;
      said = now;
      if (members.every(({ isThrough }) => isThrough)) return;
      await clock.sleep(ASK_EVERY_MS, signal);
    }
  }

  async #ask(order: GroupScrubOrder, asked: AskedMember, signal: AbortSignal | undefined): Promise<void> {
    try {
      asked.heard(await this.#stateOf(order, asked.member, signal));
    } catch (error) {
      signal?.throwIfAborted();
      if (!isCaissonError(error)) throw error;
      asked.silent(error);
    }
  }

  async #stateOf(
    { group, id, through }: GroupScrubOrder,
    { name, address }: Member,
    signal: AbortSignal | undefined,
  ): Promise<ScrubState> {
    const { clock, directory, engine, transport } = this.#parts;
    if (name === directory.identity.name) {
      return engine.scrub?.(group, { id, through }) ?? { stage: 'done' };
    }
    if (address === undefined || transport === undefined) {
      throw new CaissonError('UNAVAILABLE', { name, problem: 'takes no peers' });
    }
    const control = new AbortController();
    const leave = () => control.abort(signal?.reason);
    signal?.addEventListener('abort', leave, { once: true });
    const problem = `no answer within ${ANSWER_MS_MAX} ms`;
    const endLimit = clock.after(ANSWER_MS_MAX, () => {
      control.abort(new CaissonError('UNAVAILABLE', { name, problem }));
    });
    try {
      const question = encodeScrubQuestion({ group, id, through });
      return decodeScrubAnswer(await transport.ask({ name, address }, question, control.signal));
    } finally {
      endLimit();
      signal?.removeEventListener('abort', leave);
    }
  }
}

class AskedMember {
  stage: ScrubState['stage'] = 'waiting';
  /** Why it did not get there. */
  problem: string | undefined;
  #silent = 0;

  constructor(readonly member: Member) {}

  get isThrough(): boolean {
    return this.stage === 'done' || this.stage === 'failed';
  }

  heard({ stage, error }: ScrubState): void {
    this.stage = stage;
    this.#silent = 0;
    if (stage === 'failed') this.problem = `${this.member.name}: ${error?.code ?? 'INTERNAL'}`;
  }

  silent({ code }: CaissonError): void {
    if (MAY_PASS.has(code) && ++this.#silent < SILENT_MAX) return;
    this.stage = 'failed';
    this.problem = `${this.member.name}: ${code}`;
  }
}
