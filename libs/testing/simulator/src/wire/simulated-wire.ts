import { createDeferred } from '@caisson/base';
import { CaissonError } from '@caisson/contracts';
import type { Lifeline } from '../network/lifeline.js';
import type { NodeIdentity, Port } from '../network/port.js';
import type { SimulatedNetwork } from '../network/simulated-network.js';
import { travel, unless } from '../transport/passage.js';
import { ConnectionEnd } from './connection-end.js';
import { Lane } from './lane.js';
import type { Connection, Wire } from './wire.js';

/** The wire of one process of a machine, over a simulated network. */
export class SimulatedWire implements Wire {
  readonly address: string;
  readonly #network: SimulatedNetwork;
  readonly #port: Port;
  readonly #onWrite: (bytes: Uint8Array) => void;

  /** `onWrite` looks at whatever leaves the machine. */
  constructor(
    network: SimulatedNetwork,
    identity: NodeIdentity,
    onWrite: (bytes: Uint8Array) => void = () => undefined,
  ) {
    this.#network = network;
    this.#port = network.open(identity);
    this.#onWrite = onWrite;
    this.address = identity.address;
  }

  /** How the process gets to what arrives for it. */
  runBy(run: (task: () => void) => void): void {
    this.#port.run = run;
  }

  listen(onConnection: (connection: Connection) => void): void {
    this.#port.onCaller = (lanes, remote, lifeline) =>
      onConnection(this.#end(lanes.out, lanes.incoming, remote, lifeline));
  }

  connect(address: string, signal?: AbortSignal): Promise<Connection> {
    const opened = createDeferred<Connection>();
    const tell = (task: () => void): void => this.#port.run(() => void (this.#port.isAlive && task()));
    this.#open(address, signal, (connection) => tell(() => opened.resolve(connection))).catch((error) =>
      tell(() => opened.reject(error)),
    );
    return opened.promise;
  }

  /** The process ended in good order, or it is gone: the network does not tell the two apart. */
  stop(): void {
    this.#network.close(this.#port);
  }

  crash(): void {
    this.stop();
  }

  async #open(
    address: string,
    signal: AbortSignal | undefined,
    onOpen: (connection: Connection) => void,
  ): Promise<void> {
    signal?.throwIfAborted();
    const network = this.#network;
    const gone = () => new CaissonError('UNAVAILABLE', { address });
    const target = network.at(address);
    if (target?.onCaller === undefined) {
      await network.clock.sleep(network.noticeMs, signal);
      throw gone();
    }
    await network.over(this.#port, target, async (lifeline) => {
      const giveUp = (): void => lifeline.end();
      signal?.addEventListener('abort', giveUp, { once: true });
      const reason = () => (signal?.aborted === true ? signal.reason : gone());
      try {
        onOpen(await unless(lifeline.signal, reason, this.#greet(target, lifeline)));
        await untilOver(lifeline);
      } finally {
        signal?.removeEventListener('abort', giveUp);
      }
    });
  }

  async #greet(target: Port, lifeline: Lifeline): Promise<Connection> {
    const network = this.#network;
    await travel(network, this.#port, target);
    if (target.onCaller === undefined)
      throw new CaissonError('UNAVAILABLE', { address: target.identity.address });
    const there = new Lane({ network, from: this.#port, to: target, lifeline });
    const back = new Lane({ network, from: target, to: this.#port, lifeline });
    const own = this.#end(there, back, target.identity.address, lifeline);
    target.onCaller({ out: back, incoming: there }, this.address, lifeline);
    await travel(network, target, this.#port);
    return own;
  }

  #end(out: Lane, incoming: Lane, remote: string, lifeline: Lifeline): ConnectionEnd {
    return new ConnectionEnd({ port: this.#port, remote, lifeline, out, incoming, onWrite: this.#onWrite });
  }
}

function untilOver({ signal }: Lifeline): Promise<void> {
  const { promise, resolve } = createDeferred<void>();
  if (signal.aborted) resolve();
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}
