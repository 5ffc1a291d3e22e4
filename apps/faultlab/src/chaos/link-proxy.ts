import { SeededRandom } from '@caisson/compliance';
import { once } from 'node:events';
import { connect as dial, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a wire does to whatever passes it, in both directions. */
export type Mood =
  | { readonly kind: 'well' }
  | { readonly kind: 'slow'; readonly delayMs: number }
  | { readonly kind: 'narrow'; readonly bytesPerSecond: number }
  /** Connections stay up and nothing comes through. */
  | { readonly kind: 'silent' }
  /** Connections break, and new ones are not accepted. */
  | { readonly kind: 'cut' }
  /** Now and then a bit changes on its way: which one of all that pass is drawn by the seed. */
  | { readonly kind: 'flipping'; readonly everyBytes: number; readonly seed: number };

const WELL: Mood = { kind: 'well' };
/** How often a wire that holds bytes back looks whether its mood has changed. */
const LOOK_MS = 20;

/** Sees all that passes, as it arrives; one for each connection and direction. */
export type Tap = () => (chunk: Buffer) => void;

/** Bits of a stream of bytes, at distances that a seed draws, however the stream is cut into pieces. */
class Flips {
  readonly #random: SeededRandom;
  readonly #everyBytes: number;
  #distance: number;

  constructor(everyBytes: number, seed: number) {
    this.#random = new SeededRandom(seed);
    this.#everyBytes = everyBytes;
    this.#distance = this.#draw();
  }

  spoil(chunk: Buffer): void {
    while (this.#distance < chunk.length) {
      chunk[this.#distance]! ^= 1 << this.#random.integer(8);
      this.#distance += this.#draw();
    }
    this.#distance -= chunk.length;
  }

  #draw(): number {
    return 1 + this.#random.integer(Math.ceil(2 * this.#everyBytes));
  }
}

/**
 * The wire to one node: everybody who wants to reach the node's peers' door comes through here. What the node
 * itself sends on connections of its own goes through the wires of the others.
 */
export class LinkProxy {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #mood: Mood = WELL;
  #flips: Flips | undefined;
  readonly #tap: Tap | undefined;

  private constructor(target: string, tap: Tap | undefined) {
    this.#tap = tap;
    const [host, port] = splitAddress(target);
    this.#server = createServer((socket) => this.#join(socket, dial(port, host)));
  }

  /** Listens on a free port of `host` and forwards to `target`. */
  static async open(host: string, target: string, tap?: Tap): Promise<LinkProxy> {
    const proxy = new LinkProxy(target, tap);
    proxy.#server.listen(0, host);
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get address(): string {
    const { address, port } = this.#server.address() as { address: string; port: number };
    return `${address}:${port}`;
  }

  become(mood: Mood): void {
    this.#mood = mood;
    this.#flips = mood.kind === 'flipping' ? new Flips(mood.everyBytes, mood.seed) : undefined;
    if (mood.kind === 'cut') this.reset();
  }

  heal(): void {
    this.become(WELL);
  }

  /** Breaks every connection; new ones are welcome. */
  reset(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.reset();
    this.#server.close();
  }

  #join(arriving: Socket, onward: Socket): void {
    if (this.#mood.kind === 'cut') {
      arriving.destroy();
      onward.destroy();
      return;
    }
    this.#carry(arriving, onward);
    this.#carry(onward, arriving);
  }

  #carry(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on('error', () => undefined);
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
    void this.#pass(from, to).catch(() => to.destroy());
  }

  async #pass(from: Socket, to: Socket): Promise<void> {
    const see = this.#tap?.();
    for await (const chunk of from as AsyncIterable<Buffer>) {
      see?.(chunk);
      const bytes = await this.#afterMood(chunk);
      if (!to.write(bytes)) await Promise.race([once(to, 'drain'), once(to, 'close')]);
    }
    to.end();
  }

  async #afterMood(chunk: Buffer): Promise<Buffer> {
    while (this.#mood.kind === 'silent') await sleep(LOOK_MS);
    const mood = this.#mood;
    if (mood.kind === 'slow') await sleep(mood.delayMs);
    if (mood.kind === 'narrow') await sleep((chunk.length * 1000) / mood.bytesPerSecond);
    this.#flips?.spoil(chunk);
    return chunk;
  }
}

function splitAddress(address: string): [host: string, port: number] {
  const colon = address.lastIndexOf(':');
  return [address.slice(0, colon), Number(address.slice(colon + 1))];
}
