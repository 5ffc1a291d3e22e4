import { createConfChange } from '../message/conf-change.js';
import type { NodeId } from '../message/entry.js';
import { describeMessage } from '../debug/describe-message.js';
import type { Message } from '../message/message.js';
import { EMPTY_CONF_STATE, type ReadState } from '../message/state.js';
import type { SimEvent, SimPlan } from './events.js';
import { createRandom } from './random.js';
import { Safety } from './safety.js';
import { SimDisk } from './sim-disk.js';
import { SimNode } from './sim-node.js';

/** Words about what happened, found only if somebody wants to hear them. */
type Word = () => string;

const ORIGIN = { index: 1, term: 1 };

/** Nodes, the network between them, and the watch over both. */
export class SimCluster {
  readonly safety = new Safety();
  readonly nodes: readonly SimNode[];
  #inFlight: Message[] = [];
  #cuts = new Set<string>();
  /** For each read, by number, what was committed when it was asked. */
  #asked: number[] = [];

  constructor(readonly plan: SimPlan) {
    const members = Array.from({ length: plan.voters }, (_, at) => at + 1);
    const confState = { ...EMPTY_CONF_STATE, voters: members };
    const spares = Array.from({ length: plan.spares }, (_, at) => plan.voters + at + 1);
    this.nodes = [
      ...members.map((id) => this.#createNode(id, new SimDisk(confState, ORIGIN))),
      ...spares.map((id) => this.#createNode(id, new SimDisk())),
    ];
  }

  #createNode(id: NodeId, disk: SimDisk): SimNode {
    const random = createRandom(this.plan.seed * 31 + id).below;
    return new SimNode({ ...this.plan.options, id, random }, disk, {
      safety: this.safety,
      send: (message) => this.#send(message),
      read: (state) => this.#answered(state),
    });
  }

  get messages(): readonly Message[] {
    return this.#inFlight;
  }

  node(id: NodeId): SimNode {
    return this.nodes[id - 1]!;
  }

  /**
   * Lets it happen, then looks at everybody. Answers a word about it, or undefined if it could not happen.
   */
  happen(event: SimEvent): Word | undefined {
    const word = this.#happen(event);
    if (word === undefined) return undefined;
    for (const { raw } of this.nodes) if (raw !== undefined) this.safety.observe(raw.raft);
    return word;
  }

  #happen(event: SimEvent): Word | undefined {
    switch (event.kind) {
      case 'deliver':
      case 'drop':
      case 'repeat':
        return this.#onNetwork(event);
      case 'cut':
      case 'heal':
        return this.#onLinks(event);
      case 'restart':
        if (this.node(event.id).raw !== undefined) return undefined;
        this.node(event.id).start();
        return () => `${event.id} starts again`;
      default:
        return this.node(event.id).raw === undefined ? undefined : this.#onNode(event, this.node(event.id));
    }
  }

  #onNode(event: Exclude<SimEvent, { pick: number }>, node: SimNode): Word | undefined {
    switch (event.kind) {
      case 'ready':
        return this.#processReady(event, node);
      case 'work':
        node.work();
        return () => `${event.id} does all there is to do`;
      case 'append':
        node.processAppend();
        return () => `${event.id} writes`;
      case 'apply':
        node.processApply();
        return () => `${event.id} applies`;
      case 'answer':
        node.hearAnswer();
        return () => `${event.id} hears its storage`;
      case 'crash':
        node.crash(event.luck);
        return () => `${event.id} falls down`;
      case 'compact': {
        node.disk.app.sync();
        node.disk.compact(node.raw!.status().applied - event.keep);
        return () => `${event.id} compacts`;
      }
      default:
        return this.#onCore(event, node);
    }
  }

  #processReady(event: SimEvent & { kind: 'ready' }, node: SimNode): Word | undefined {
    if (!node.raw!.hasReady()) return undefined;
    if (node.processReady(event.crashPoint)) return () => `${event.id} works`;
    node.crash(event.luck);
    return () => `${event.id} works and falls down ${event.crashPoint}`;
  }

  #onCore(event: SimEvent, node: SimNode): Word | undefined {
    const raw = node.raw!;
    switch (event.kind) {
      case 'tick':
        raw.tick();
        return () => `${event.id} ticks`;
      case 'campaign':
        raw.campaign();
        return () => `${event.id} campaigns`;
      case 'forget':
        raw.forgetLeader();
        return () => `${event.id} forgets its leader`;
      case 'propose': {
        const data = new Uint8Array(event.size);
        data.set([event.value >>> 16, event.value >>> 8, event.value]);
        const outcome = raw.propose(data);
        return () => `${event.id} proposes ${event.value}: ${outcome}`;
      }
      case 'change': {
        const change = createConfChange({ transition: event.transition, changes: event.steps });
        const text = event.steps.map(({ kind, id }) => `${kind} ${id}`).join(', ') || 'leave';
        const outcome = raw.proposeConfChange(change);
        return () => `${event.id} proposes to ${text} (${event.transition}): ${outcome}`;
      }
      case 'transfer':
        raw.transferLeader(event.to);
        return () => `${event.id} hands leadership to ${event.to}`;
      case 'unreachable':
        raw.reportUnreachable(event.to);
        return () => `${event.id} cannot reach ${event.to}`;
      case 'lost-snapshot':
        raw.reportSnapshot(event.to, 'failed');
        return () => `${event.id} lost a snapshot to ${event.to}`;
      case 'read':
        return this.#read(event, node);
      default:
        return undefined;
    }
  }

  /** Contexts repeat between reads in their first byte, and tell them apart in the rest. */
  #read({ id, context }: SimEvent & { kind: 'read' }, node: SimNode): Word {
    const number = this.#asked.length;
    this.#asked.push(this.safety.committed);
    node.raw!.readIndex(Uint8Array.of(context, number >>> 8, number));
    return () => `${id} asks for read ${number}`;
  }

  #answered({ index, context }: ReadState): void {
    const number = context[1]! * 256 + context[2]!;
    this.safety.observeRead(this.#asked[number]!, index);
  }

  #send(message: Message): void {
    this.#inFlight.push(message);
  }

  #onNetwork({ kind, pick }: SimEvent & { pick: number }): Word | undefined {
    const message = this.#inFlight[Math.floor(pick * this.#inFlight.length)];
    if (message === undefined) return undefined;
    if (kind !== 'repeat') this.#inFlight.splice(this.#inFlight.indexOf(message), 1);
    const isLost = kind === 'drop' || this.#cuts.has(`${message.from}>${message.to}`);
    if (isLost) return () => `lost ${describeMessage(message)}`;
    this.node(message.to).step(message);
    return () => `${kind} ${describeMessage(message)}`;
  }

  #onLinks(event: SimEvent & { kind: 'cut' | 'heal' }): Word {
    this.#cuts = new Set();
    if (event.kind === 'heal') return () => 'all links work';
    for (const { id } of this.nodes) {
      if (event.side.includes(id)) continue;
      for (const other of event.side) {
        this.#cuts.add(`${other}>${id}`);
        if (!event.isOneWay) this.#cuts.add(`${id}>${other}`);
      }
    }
    return () => `links from ${event.side.join(' ')}${event.isOneWay ? '' : ' and back'} are cut`;
  }

  /** Everybody does what is to be done, and everything on its way arrives. */
  settle(): void {
    for (const node of this.nodes) node.work();
    const arriving = this.#inFlight;
    this.#inFlight = [];
    for (const message of arriving) this.node(message.to).step(message);
    for (const { raw } of this.nodes) if (raw !== undefined) this.safety.observe(raw.raft);
  }
}
