import { CaissonError, type ErrorCode } from '@caisson/contracts';
import { clusterProto, encodeErrorDetails, grpcMethods, proto } from '@caisson/formats';
import { Metadata, Server, ServerCredentials, status, type ServerWritableStream } from '@grpc/grpc-js';
import { jest } from '@jest/globals';
import { runProgram } from '../program.js';

const METHODS = grpcMethods(clusterProto.ClusterDefinition, (bytes) => Buffer.from(bytes));
const { ClusterStep } = clusterProto;

type Call = ServerWritableStream<unknown, clusterProto.ClusterProgress>;
type Answer = (error: object | null, value?: unknown) => void;

/** One step of an order: name, and how far the node has caught up. */
export type Step = readonly [step: clusterProto.ClusterStep, matched?: number, goal?: number];

export const STEP = ClusterStep;

/** A gRPC server that plays a node, and remembers what it was ordered. */
export class ScriptedCluster {
  readonly orders: [string, unknown][] = [];
  steps: readonly Step[] = [[ClusterStep.CLUSTER_STEP_ASKING], [ClusterStep.CLUSTER_STEP_DONE]];
  failure: object | undefined;
  holdsBack = false;
  cancelled = false;
  token = '';
  digestByte = 1;
  status: clusterProto.ClusterStatusResponse = { node: 'n1', clusterId: CLUSTER_ID, groups: [] };
  address = '';
  readonly #server = new Server();

  async start(): Promise<this> {
    const order = (name: string) => (call: Call) => this.#carryOut(name, call);
    this.#server.addService(METHODS, {
      add: order('add'),
      promote: order('promote'),
      remove: order('remove'),
      replace: order('replace'),
      transfer: order('transfer'),
      status: (_: unknown, answer: Answer) => answer(null, this.status),
      joinToken: (_: unknown, answer: Answer) => answer(null, { token: this.token }),
      digest: ({ request }: { request: clusterProto.DigestRequest }, answer: Answer) =>
        answer(null, { ...request, digest: new Uint8Array(32).fill(this.digestByte), pairs: 3n }),
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

  fail(code: ErrorCode, details = {}): void {
    const error = new CaissonError(code, details);
    const metadata = new Metadata();
    const words = { code, meaning: '', wayOut: '', retry: '' };
    const detail = { ...words, wire: error.entry.wire, details: encodeErrorDetails(error.details) };
    metadata.set('caisson-error-bin', Buffer.from(proto.ErrorDetail.encode(detail).finish()));
    this.failure = Object.assign(new Error(error.message), { code: status[error.entry.grpc], metadata });
  }

  #carryOut(name: string, call: Call): void {
    this.orders.push([name, call.request]);
    call.on('cancelled', () => (this.cancelled = true));
    const count = (value: number | undefined) => (value === undefined ? undefined : BigInt(value));
    for (const [step, matched, goal] of this.steps)
      call.write({ group: 1n, step, matched: count(matched), goal: count(goal) });
    if (this.failure) call.emit('error', this.failure);
    else if (!this.holdsBack) call.end();
  }
}

export const CLUSTER_ID = new Uint8Array(16).fill(0xab);

export interface Ran {
  readonly exitCode: number;
  readonly out: string;
  readonly notes: string;
}

/** Runs one command line in this process. */
export async function caisson(...words: readonly string[]): Promise<Ran> {
  const said = { out: '', notes: '' };
  const spies = [
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((said.out += String(text)), true)),
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((said.notes += String(text)), true)),
  ];
  process.exitCode = undefined;
  try {
    const exitCode = await runProgram(["node", "caisson", ...words]);
    return { exitCode, ...said };
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.removeAllListeners('SIGINT');
    process.exitCode = undefined;
  }
}
