import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A wire to one address that can be cut, stalled and counted. */
export class Wire {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #target = 0;
  #isCut = false;
  #isStalled = false;
  /** Connections made over it so far. */
  connections = 0;

  private constructor() {
    this.#server = createServer((socket) => this.#accept(socket));
  }

  static async create(): Promise<Wire> {
    const wire = new Wire();
    await new Promise<void>((resolve) => wire.#server.listen(0, '127.0.0.1', resolve));
    return wire;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Where the wire leads. */
  lead(port: number): void {
    this.#target = port;
  }

  /** Ends every connection and lets none come about. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Lets connections stand while nothing passes in either direction. */
  stall(): void {
    this.#isStalled = true;
    for (const socket of this.#sockets) socket.pause();
  }

  mend(): void {
    this.#isCut = false;
    this.#isStalled = false;
    for (const socket of this.#sockets) socket.resume();
  }

  async remove(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(near: Socket): void {
    if (this.#isCut) {
      near.destroy();
      return;
    }
    this.connections++;
    const far = connect(this.#target, '127.0.0.1');
    this.#join(near, far);
    this.#join(far, near);
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on('error', () => undefined);
    from.on('data', (bytes) => {
      if (to.write(bytes)) return;
      from.pause();
      to.once('drain', () => {
        if (!this.#isStalled) from.resume();
      });
    });
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
    if (this.#isStalled) from.pause();
  }
}
