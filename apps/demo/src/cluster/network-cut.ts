import { execFile } from 'node:child_process';
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A place on the network that can be cut off from everybody else. */
export interface Severable {
  /** How it is done, for people. */
  readonly how: string;
  /** Where the nodes outside it listen, so that both sides reach each other. */
  readonly outside: string;
  /** Where the node inside listens. */
  readonly inside: string;
  /** What its process is started with. */
  readonly prefix: readonly string[];
  /** The address to state for a node inside that listens on `address`. */
  advertise(address: string): Promise<string>;
  cut(): Promise<void>;
  heal(): Promise<void>;
  remove(): Promise<void>;
}

const OUTSIDE = '10.213.7.1';
const INSIDE = '10.213.7.2';

/**
 * A network namespace of its own with one wire to ours, where we may make one; else a proxy in front of the
 * node's peer address, which cuts off what it hears but not what it says.
 */
export async function severable(): Promise<Severable> {
  return (await namespace()) ?? new Proxied();
}

async function namespace(): Promise<Severable | undefined> {
  const name = `caisson-${process.pid}`;
  const [near, far] = [`csn${process.pid}a`, `csn${process.pid}b`];
  const remove = async () => {
    await run('ip', ['link', 'delete', near]).catch(() => undefined);
    await run('ip', ['netns', 'delete', name]).catch(() => undefined);
  };
  try {
    await run('ip', ['netns', 'add', name]);
    await run('ip', ['link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', name]);
    await run('ip', ['address', 'add', `${OUTSIDE}/30`, 'dev', near]);
    await run('ip', ['link', 'set', near, 'up']);
    await run('ip', ['-n', name, 'address', 'add', `${INSIDE}/30`, 'dev', far]);
    for (const device of ['lo', far]) await run('ip', ['-n', name, 'link', 'set', device, 'up']);
  } catch {
    await remove();
    return undefined;
  }
  return {
    how: 'a network namespace of its own',
    outside: OUTSIDE,
    inside: INSIDE,
    prefix: ['ip', 'netns', 'exec', name],
    advertise: (address) => Promise.resolve(address),
    cut: async () => void (await run('ip', ['link', 'set', near, 'down'])),
    heal: async () => void (await run('ip', ['link', 'set', near, 'up'])),
    remove,
  };
}

class Proxied implements Severable {
  readonly how = 'a proxy in front of it (namespaces cannot be made here)';
  readonly outside = '127.0.0.1';
  readonly inside = '127.0.0.1';
  readonly prefix: readonly string[] = [];
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  async advertise(address: string): Promise<string> {
    const [host, port] = address.split(':');
    const server = createServer((socket) => this.#join(socket, () => dial(Number(port), host)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.#servers.push(server);
    return `127.0.0.1:${(server.address() as { port: number }).port}`;
  }

  cut(): Promise<void> {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
    return Promise.resolve();
  }

  heal(): Promise<void> {
    this.#isCut = false;
    return Promise.resolve();
  }

  async remove(): Promise<void> {
    await this.cut();
    for (const server of this.#servers) server.close();
  }

  #join(socket: Socket, open: () => Socket): void {
    if (this.#isCut) return void socket.destroy();
    const onward = open();
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}
