import { connect } from '@caisson/client';
import { grpcMethods, proto, REQUEST_ID_BYTES } from '@caisson/formats';
import { Client, credentials } from '@grpc/grpc-js';
import { randomBytes } from 'node:crypto';
import type { KvTarget } from './kv-target.js';

const DEADLINE_MS = 60_000;
const LINEARIZABLE = proto.Consistency.CONSISTENCY_LINEARIZABLE;
const METHODS = grpcMethods(proto.KvDefinition, (bytes) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
);

/**
 * Through the client library: calls made at once share one stream, and go to the leader wherever it is.
 */
export function pipelined(address: string | readonly string[]): KvTarget {
  const client = connect({ address, deadlineMs: DEADLINE_MS });
  return {
    put: async (key, value) => void (await client.put(key, value)),
    get: (key) => client.get(key),
    close: () => client.close(),
  };
}

/** Each operation a gRPC call of its own, as any client makes it, with a request id as ours. */
export class UnaryTarget implements KvTarget {
  readonly #client: Client;

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  }

  async put(key: Uint8Array, value: Uint8Array): Promise<void> {
    const { outcome } = await this.#call(METHODS.write, {
      requestId: randomBytes(REQUEST_ID_BYTES),
      mutations: [{ op: { $case: 'put', value: { key, value } } }],
      conditions: [],
      readKeys: [],
      readRanges: [],
    });
    if (outcome?.$case !== 'committed') throw new RangeError('a put was not committed');
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const { found } = await this.#call(METHODS.get, { key, consistency: LINEARIZABLE });
    return found?.value;
  }

  close(): void {
    this.#client.close();
  }

  #call<Request, Response>(
    method: {
      readonly path: string;
      readonly requestSerialize: (request: Request) => Buffer;
      readonly responseDeserialize: (bytes: Buffer) => Response;
    },
    request: Request,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        { deadline: Date.now() + DEADLINE_MS },
        (error, response) => (error ? reject(error) : resolve(response!)),
      );
    });
  }
}
