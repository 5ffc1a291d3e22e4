import { clusterProto, encryptionProto, grpcMethods, type proto } from '@caisson/formats';
import { Server, ServerCredentials, type ServerWritableStream } from '@grpc/grpc-js';
import { CLUSTER_ID } from './scripted-cluster.js';

const CLUSTER = grpcMethods(clusterProto.ClusterDefinition, (bytes) => Buffer.from(bytes));
const KEYS = grpcMethods(encryptionProto.EncryptionDefinition, (bytes) => Buffer.from(bytes));
const { KeyStep } = encryptionProto;

type Answer = (error: object | null, value?: unknown) => void;

/** A gRPC server that plays one member of a cluster whose KEKs are changed. */
export class ScriptedMember {
  readonly orders: [string, unknown][] = [];
  members: readonly ScriptedMember[] = [];
  address = '';
  readonly #server = new Server();

  constructor(
    readonly name: string,
    readonly keyRefs: readonly string[],
  ) {}

  async start(): Promise<this> {
    this.#server.addService(CLUSTER, {
      status: (_: unknown, answer: Answer) =>
        answer(null, { node: this.name, clusterId: CLUSTER_ID, groups: [this.#group()] }),
    });
    this.#server.addService(KEYS, {
      reloadKeks: ({ request }: { request: encryptionProto.ReloadKeksRequest }, answer: Answer) => {
        this.orders.push(['reload', request]);
        answer(null, { node: this.name, keks: this.keyRefs.map(kekOf) });
      },
      rewrap: (call: ServerWritableStream<object, object>) => {
        this.orders.push(['rewrap', call.request]);
        const lists = { members: [], scrubs: [], blockers: [] };
        call.write({ group: 1n, step: KeyStep.KEY_STEP_DONE, keyId: 0, planned: false, ...lists });
        call.end();
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

  #group(): proto.GroupStatus {
    const members = this.members.map(({ name, address }) => ({
      name,
      learner: false,
      address: 'peer:1',
      clientAddress: address,
      progress: undefined,
    }));
    const positions = { applied: 5n, durable: 5n, leadership: 1n, refused: 0n };
    return { id: 1n, ...positions, leads: true, leader: 'n1', halted: '', members };
  }
}

function kekOf(keyRef: string): encryptionProto.KekInfo {
  const fare = { state: 'enabled', hardware: false, postQuantum: true, openedMsAgo: undefined, failure: '' };
  return { provider: 'file', keyRef, keys: 2, missing: 0, ...fare };
}
