import { CaissonError, type ErrorCode } from '@caisson/contracts';
import {
  decodeRequests,
  encodeBeginResponse,
  encodeGetResponse,
  encodeResponses,
  encodeWireError,
  encodeWriteResponse,
  grpcMethods,
  OP,
  proto,
  STATUS,
  type RequestMessage,
} from '@caisson/formats';
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';

const METHODS = grpcMethods(proto.KvDefinition, (bytes) => Buffer.from(bytes));

type Stream = ServerDuplexStream<proto.Frame, proto.Frame>;

/** What a node does with one request: answers, fails, or nothing at all. */
export type Answer = (request: RequestMessage, node: KvNode) => Uint8Array | CaissonError | undefined;

export const answers: Answer = ({ op }) => {
  if (op === OP.get) return encodeGetResponse({ readTs: 7n, staleMs: 3 });
  if (op === OP.begin) return encodeBeginResponse({ startTs: 7n });
  return encodeWriteResponse({ kind: 'committed', commitTs: 9n, deleted: 0, more: false });
};

export const silence: Answer = () => undefined;

export function fails(code: ErrorCode, details = {}): Answer {
  return () => new CaissonError(code, details);
}

/** The process ends with the request in its hands. */
export const dies: Answer = (_, node) => void node.stop();

/** A gRPC server that plays the key-value operations of a node. */
export class KvNode {
  readonly seen: RequestMessage[] = [];
  answer: Answer = answers;
  address = '127.0.0.1:0';
  #server = new Server();

  static async start(answer: Answer = answers): Promise<KvNode> {
    const node = new KvNode();
    node.answer = answer;
    await node.start();
    return node;
  }

  /** Also again after `stop`, at the same address. */
  async start(): Promise<void> {
    this.#server = new Server();
    this.#server.addService(METHODS, { stream: (call: Stream) => this.#serve(call) });
    const port = await new Promise<number>((resolve, reject) =>
      this.#server.bindAsync(this.address, ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    this.address = `127.0.0.1:${port}`;
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  #serve(call: Stream): void {
    call.on('error', () => undefined);
    call.on('data', ({ messages }: proto.Frame) => {
      for (const request of decodeRequests(messages)) {
        if (request.op === OP.cancel) continue;
        this.seen.push(request);
        const answer = this.answer(request, this);
        if (answer === undefined) continue;
        const isError = answer instanceof Error;
        const status = isError ? STATUS.error : STATUS.ok;
        const body = isError ? encodeWireError(answer) : answer;
        call.write({ messages: encodeResponses([{ id: request.id, status, body }]) });
      }
    });
    call.on('end', () => call.end());
  }
}
