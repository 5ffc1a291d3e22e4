import { CaissonError } from '@caisson/contracts';
import { clusterProto, encodeErrorDetails, grpcMethods, proto } from '@caisson/formats';
import { Metadata, Server, ServerCredentials, status, type ServerWritableStream } from '@grpc/grpc-js';

const METHODS = grpcMethods(clusterProto.ClusterDefinition, (bytes) => Buffer.from(bytes));
const { ClusterStep } = clusterProto;

type Call = ServerWritableStream<unknown, clusterProto.ClusterProgress>;
type OrderName = 'add' | 'promote' | 'remove' | 'replace' | 'transfer';

/** What a node does with one order: the last part of a script is repeated. */
export type Act = (call: Call, node: ScriptedNode) => void;

const step = (name: clusterProto.ClusterStep): clusterProto.ClusterProgress => ({
  group: 1n,
  step: name,
  matched: undefined,
  goal: undefined,
});

export const succeeds: Act = (call) => {
  call.write(step(ClusterStep.CLUSTER_STEP_ASKING));
  call.write(step(ClusterStep.CLUSTER_STEP_DONE));
  call.end();
};

export const hangs: Act = (call) => void call.write(step(ClusterStep.CLUSTER_STEP_CATCHING_UP));

export const dies: Act = (call, node) => {
  call.write(step(ClusterStep.CLUSTER_STEP_ADDING), () => node.stop());
};

export function fails(code: ConstructorParameters<typeof CaissonError>[0], details = {}): Act {
  return (call) => void call.emit('error', serviceError(new CaissonError(code, details)));
}

/** A gRPC server that plays a node of a cluster. */
export class ScriptedNode {
  readonly orders: [OrderName, unknown][] = [];
  script: Act[] = [succeeds];
  status: clusterProto.ClusterStatusResponse = { node: '', clusterId: new Uint8Array(16), groups: [] };
  digest: (position: number) => { position: number; byte: number } = (position) => ({ position, byte: 1 });
  cancelled = 0;
  address = '';
  readonly #server = new Server();

  async start(): Promise<this> {
    const order = (name: OrderName) => (call: Call) => {
      this.orders.push([name, call.request]);
      call.on('cancelled', () => this.cancelled++);
      const act = this.script.length > 1 ? this.script.shift()! : this.script[0]!;
      act(call, this);
    };
    this.#server.addService(METHODS, {
      add: order('add'),
      promote: order('promote'),
      remove: order('remove'),
      replace: order('replace'),
      transfer: order('transfer'),
      status: (_: unknown, answer: (error: null, value: unknown) => void) => answer(null, this.status),
      joinToken: (_: unknown, answer: (error: null, value: unknown) => void) =>
        answer(null, { token: 'token' }),
      digest: (
        { request }: { request: clusterProto.DigestRequest },
        answer: (error: null, value: clusterProto.DigestResponse) => void,
      ) => {
        const { position, byte } = this.digest(Number(request.position));
        answer(null, {
          group: request.group,
          position: BigInt(position),
          digest: new Uint8Array(32).fill(byte),
          pairs: 2n,
        });
      },
    });
    const port = await new Promise<number>((resolve, reject) =>
      this.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    this.address = `127.0.0.1:${port}`;
    return this;
  }

  stop(): void {
    this.#server.forceShutdown();
  }
}

function serviceError(error: CaissonError): object {
  const metadata = new Metadata();
  const { wire } = error.entry;
  const details = encodeErrorDetails(error.details);
  const detail = { wire, code: error.code, details, meaning: '', wayOut: '', retry: '' };
  metadata.set('caisson-error-bin', Buffer.from(proto.ErrorDetail.encode(detail).finish()));
  return Object.assign(new Error(error.message), { code: status[error.entry.grpc], metadata });
}
