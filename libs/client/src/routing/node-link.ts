import { CaissonError, isCaissonError } from '@caisson/contracts';
import { MultiplexedChannel } from '../channel.js';
import { GrpcConnection, type GrpcConnectionOptions, type NodeStatus } from '../connection.js';

export interface CallLimits {
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** The one connection to a node, and the stream on it that all calls share. */
export class NodeLink {
  readonly #connection: GrpcConnection;
  readonly #channel: MultiplexedChannel;
  readonly #closing = new AbortController();

  constructor(options: GrpcConnectionOptions) {
    this.#connection = new GrpcConnection(options);
    this.#channel = new MultiplexedChannel((listener) => this.#connection.openStream(listener));
  }

  async call(op: number, body: Uint8Array, limits: CallLimits): Promise<Uint8Array> {
    const connecting = this.#connected(limits);
    // Calls made at once share a frame only if none of them gives way before it is in there.
    if (connecting !== undefined) await connecting;
    return this.#channel.call(op, body, limits);
  }

  async status(limits: CallLimits): Promise<NodeStatus> {
    await this.#connected(limits);
    return this.#connection.status(limits);
  }

  get isConnected(): boolean {
    return this.#connection.isConnected;
  }

  close(): void {
    this.#closing.abort(new CaissonError('CANCELLED', { reason: 'the client is closed' }));
    this.#channel.close();
    this.#connection.close();
  }

  #connected({ signal }: CallLimits): Promise<void> | undefined {
    const connecting = this.#connection.ready();
    return connecting && untilAborted(connecting, AbortSignal.any([signal, this.#closing.signal]));
  }
}

/** Nothing was sent yet: whoever gives up here knows that nothing happened. */
function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const give = (): void => {
      const { reason } = signal as { reason: unknown };
      const code = isCaissonError(reason) ? reason.code : 'CANCELLED';
      reject(new CaissonError(code, { sent: false }, { cause: reason }));
    };
    if (signal.aborted) give();
    signal.addEventListener('abort', give, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', give));
  });
}
