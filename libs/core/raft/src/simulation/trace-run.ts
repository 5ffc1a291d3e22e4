import { MemoryStorage } from '../log/memory-storage.js';
import { type ConfChangeKind, createConfChange, decodeConfChange } from '../message/conf-change.js';
import type { Message } from '../message/message.js';
import { RawNode } from '../ready/raw-node.js';
import { traceLine } from '../trace/ndjson.js';
import { createRandom, type Random } from './random.js';

const FOUNDERS = [1, 2, 3].map((id) => ({ id }));

interface TraceNode {
  readonly raw: RawNode;
  readonly storage: MemoryStorage;
}

/** Three founders and a network that loses and reorders, within what the model of the protocol covers. */
class TraceCluster {
  readonly lines: string[] = [];
  readonly #nodes: readonly TraceNode[];
  #inFlight: Message[] = [];
  /** Hears nobody and is heard by nobody for a while, so that others get to lead. 0: nobody. */
  #muted = 0;

  constructor(readonly random: Random) {
    this.#nodes = FOUNDERS.map(({ id }) => this.#createNode(id));
    for (const { raw } of this.#nodes) raw.bootstrap(FOUNDERS);
    for (const node of this.#nodes) this.#work(node);
  }

  #createNode(id: number): TraceNode {
    const storage = new MemoryStorage();
    const random = this.random.below;
    const raw = new RawNode({
      id,
      storage,
      random,
      electionTick: 6,
      heartbeatTick: 2,
      trace: (event) => {
        const line = traceLine(event, this.lines.length);
        if (line !== undefined) this.lines.push(line);
      },
    });
    return { raw, storage };
  }

  #work({ raw, storage }: TraceNode): void {
    while (raw.hasReady()) {
      const { hardState, entries, committedEntries, messages } = raw.ready();
      if (hardState !== undefined) storage.setHardState(hardState);
      storage.append(entries);
      this.#inFlight.push(...messages);
      for (const entry of committedEntries) {
        const change = decodeConfChange(entry);
        if (change !== undefined) raw.applyConfChange(change, entry.index);
      }
      raw.advance();
    }
  }

  happen(): void {
    const { random } = this;
    const node = random.pick(this.#nodes);
    const dice = random.below(100);
    if (random.chance(0.03)) this.#muted = random.below(FOUNDERS.length + 1);
    if (dice < 50) this.#deliver();
    else if (dice < 88) node.raw.tick();
    else if (dice < 98) node.raw.propose(Uint8Array.of(random.below(256)));
    else node.raw.proposeConfChange(this.#change());
    for (const one of this.#nodes) this.#work(one);
  }

  #change(): ReturnType<typeof createConfChange> {
    const kind = this.random.pick<ConfChangeKind>(['add-voter', 'add-voter', 'remove']);
    return createConfChange({ changes: [{ kind, id: 1 + this.random.below(FOUNDERS.length) }] });
  }

  #deliver(): void {
    if (this.#inFlight.length === 0) return;
    const at = this.random.chance(0.7) ? 0 : this.random.below(this.#inFlight.length);
    const [message] = this.#inFlight.splice(at, 1);
    const { from, to } = message!;
    const isLost = from === this.#muted || to === this.#muted || this.random.chance(0.1);
    if (!isLost) this.#nodes[to - 1]?.raw.step(message!);
  }
}

/**
 * A trace of at most `linesMax` lines. Checking time grows faster than length, so keep it below a thousand.
 */
export function traceRun(seed: number, linesMax = 600): string[] {
  const cluster = new TraceCluster(createRandom(seed));
  while (cluster.lines.length < linesMax) cluster.happen();
  return cluster.lines.slice(0, linesMax);
}
