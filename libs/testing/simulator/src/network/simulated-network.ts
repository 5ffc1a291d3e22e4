import { copyBytes, fnv1a64, invariant, toUtf8 } from '@caisson/base';
import { SeededRandom } from '@caisson/compliance';
import type { Clock } from '@caisson/contracts';
import { Lifeline } from './lifeline.js';
import { Link, type SnapshotCut } from './link.js';
import { type NodeIdentity, Port } from './port.js';
import { CALM, type Weather } from './weather.js';

export interface NetworkOptions {
  readonly clock: Clock;
  readonly seed: number;
  /** Of links that nothing else was said about. Default `CALM`. */
  readonly weather?: Weather;
  /** How long a broken connection goes unnoticed. Default 50. */
  readonly noticeMs?: number;
  /** Frames from one node to another that have not arrived, at most. Default 1024. */
  readonly queueFrames?: number;
}

/** What becomes of one message. */
export interface Passage {
  readonly arrived: () => void;
  /** Told when a break would be noticed. */
  readonly lost: () => void;
}

/**
 * A network that exists in one process and in virtual time.
 *
 * All that happens on the way from one address to another follows from the seed, those two addresses, and
 * what was sent between them: traffic elsewhere changes nothing. Nodes are told apart by address.
 */
export class SimulatedNetwork {
  readonly clock: Clock;
  readonly noticeMs: number;
  readonly queueFrames: number;
  readonly #seed: number;
  readonly #links = new Map<string, Link>();
  readonly #ports = new Map<string, Port>();
  readonly #lifelines = new Set<Lifeline>();
  #weather: Weather;

  constructor({ clock, seed, weather = CALM, noticeMs = 50, queueFrames = 1024 }: NetworkOptions) {
    this.clock = clock;
    this.noticeMs = noticeMs;
    this.queueFrames = queueFrames;
    this.#seed = seed;
    this.#weather = weather;
  }

  /** A node begins to listen. The address must be free. */
  open(identity: NodeIdentity): Port {
    invariant('SIM-1', !this.#ports.has(identity.address), 'one address has one listener');
    const port = new Port(identity);
    this.#ports.set(identity.address, port);
    return port;
  }

  /** The port is gone, and with it everything on its way to and from it. */
  close(port: Port): void {
    if (!port.isAlive) return;
    port.isAlive = false;
    this.#ports.delete(port.identity.address);
    for (const lifeline of this.#lifelines) if (lifeline.a === port || lifeline.b === port) lifeline.end();
  }

  at(address: string): Port | undefined {
    return this.#ports.get(address);
  }

  link(from: string, to: string): Link {
    const name = `${from}>${to}`;
    const known = this.#links.get(name);
    if (known !== undefined) return known;
    const seed = Number(fnv1a64(toUtf8(`${this.#seed} ${name}`)) & 0xffff_ffffn);
    const link = new Link(this.#weather, new SeededRandom(seed));
    this.#links.set(name, link);
    return link;
  }

  /** Nothing passes from one address to the other any more; connections between the two end. */
  cut(from: string, to: string): void {
    this.link(from, to).isCut = true;
    for (const lifeline of this.#lifelines) if (lifeline.joins(from, to)) lifeline.end();
  }

  heal(from: string, to: string): void {
    this.#mend(`${from}>${to}`, this.link(from, to));
  }

  /** The same as a cut, but connections stay, and nobody notices anything. */
  mute(from: string, to: string): void {
    const link = this.link(from, to);
    link.isCut = true;
    link.isSilent = true;
  }

  /** Connections between the two end, whatever is on them; new ones are as good as ever. */
  reset(from: string, to: string): void {
    for (const lifeline of this.#lifelines) if (lifeline.joins(from, to)) lifeline.end();
  }

  /**
   * The next message from one address to the other arrives with other bytes. Nobody gets to read it: the
   * seal of the connection does not fit it, and the connection breaks with everything that is on it.
   */
  flip(from: string, to: string, onFlip: () => void): void {
    this.link(from, to).flips.push(onFlip);
  }

  /** The next snapshot that goes along the link breaks off behind so many thousandths of its bytes. */
  cutSnapshot(from: string, to: string, cut: SnapshotCut): void {
    this.link(from, to).snapshotCut = cut;
  }

  /**
   * The last frames of a link arrive once more, whoever listens there by now. Answers how many. No transport
   * may do so; Raft stands it all the same.
   */
  replay(from: string, to: string): number {
    const [source, target] = [this.at(from), this.at(to)];
    if (source === undefined || target === undefined) return 0;
    const { lately } = this.link(from, to);
    for (const { bytes, from: sender, group } of lately) {
      const arrived = () => target.receiver?.onFrame(group, sender, copyBytes(bytes));
      this.carry(source, target, { arrived, lost: () => undefined });
    }
    return lately.length;
  }

  /** What went to and from an address is not replayed: another node is to listen there. */
  forget(address: string): void {
    for (const [name, link] of this.#links) if (name.split('>').includes(address)) link.lately.length = 0;
  }

  /** The weather on one link alone, until it is healed or all weather changes. */
  cloud(from: string, to: string, weather: Weather): void {
    this.link(from, to).weather = weather;
  }

  /** Undoes every cut. */
  healAll(): void {
    for (const [name, link] of this.#links) this.#mend(name, link);
  }

  /** From now on, everywhere. */
  set weather(weather: Weather) {
    this.#weather = weather;
    for (const link of this.#links.values()) link.weather = weather;
  }

  /** Sends one message. Says nothing at all once one of the two is gone: `lifeline` does. */
  carry(from: Port, to: Port, { arrived, lost }: Passage): void {
    const link = this.link(from.identity.address, to.identity.address);
    const nowMs = this.clock.monotonicMs();
    const arrivals = link.arrivals(nowMs);
    const areAlive = () => from.isAlive && to.isAlive;
    const tell = () => {
      this.clock.after(this.noticeMs, () => areAlive() && from.run(() => void (areAlive() && lost())));
    };
    const lose = () => void (link.isSilent ? link.hanging.push(tell) : tell());
    if (arrivals.length === 0) lose();
    const { connection } = link;
    const onFlip = arrivals.length > 0 ? link.flips.shift() : undefined;
    for (const arrivalMs of arrivals) {
      this.clock.after(arrivalMs - nowMs, () => {
        if (!areAlive()) return;
        if (onFlip !== undefined && link.connection === connection) {
          link.connection++;
          onFlip();
          this.reset(from.identity.address, to.identity.address);
        }
        if (link.isCut || link.connection !== connection) lose();
        else to.run(() => void (areAlive() && arrived()));
      });
    }
  }

  /** Runs `work` over a connection that ends with a cut, with either port, or with the work. */
  async over<T>(a: Port, b: Port, work: (lifeline: Lifeline) => Promise<T>): Promise<T> {
    const lifeline = new Lifeline(a, b);
    this.#lifelines.add(lifeline);
    try {
      return await work(lifeline);
    } finally {
      this.#lifelines.delete(lifeline);
      lifeline.end();
    }
  }

  /** What hung on a muted link finds its connection broken once there is somebody to say so. */
  #mend(name: string, link: Link): void {
    const [from = '', to = ''] = name.split('>');
    if (link.isSilent) this.reset(from, to);
    for (const tell of link.hanging.splice(0)) tell();
    link.isCut = false;
    link.isSilent = false;
    link.flips.length = 0;
    link.snapshotCut = undefined;
    link.weather = this.#weather;
  }
}
