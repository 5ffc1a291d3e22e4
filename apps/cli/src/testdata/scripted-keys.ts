import { CaissonError, type ErrorCode } from '@caisson/contracts';
import { encodeErrorDetails, encryptionProto, grpcMethods, proto } from '@caisson/formats';
import { Metadata, Server, ServerCredentials, status, type ServerWritableStream } from '@grpc/grpc-js';

const METHODS = grpcMethods(encryptionProto.EncryptionDefinition, (bytes) => Buffer.from(bytes));

type Call = ServerWritableStream<object, encryptionProto.KeyProgress>;
type Answer = (error: object | null, value?: unknown) => void;

export const KEY_STEP = encryptionProto.KeyStep;

/** A gRPC server that plays the keys of a node, and remembers what it was ordered. */
export class ScriptedKeys {
  readonly orders: [string, unknown][] = [];
  /** How its status was asked for. */
  readonly looks: encryptionProto.KeyStatusRequest[] = [];
  steps: readonly Partial<encryptionProto.KeyProgress>[] = [{ step: KEY_STEP.KEY_STEP_DONE }];
  checks: readonly encryptionProto.KekCheck[] = [];
  keks: readonly encryptionProto.KekInfo[] = [];
  /** What orders end with, the first of them first. */
  readonly failures: object[] = [];
  /** What rewriting is at, one look after the other; finished afterwards. */
  rewriting: string[] = [];
  /** Whether keys and cutovers are there. */
  isSealed = true;
  /** 0 before sealed mode. */
  sealedModeIndex = 0n;
  address = '';
  readonly #server = new Server();

  async start(): Promise<this> {
    const order = (name: string) => (call: Call) => this.#carryOut(name, call);
    this.#server.addService(METHODS, {
      status: ({ request }: { request: encryptionProto.KeyStatusRequest }, answer: Answer) => {
        this.looks.push(request);
        answer(null, this.#status(request.count));
      },
      verify: (_: unknown, answer: Answer) => answer(null, { checks: this.checks }),
      listKeks: (_: unknown, answer: Answer) => answer(null, { node: 'n1', keks: this.keks }),
      reloadKeks: ({ request }: { request: encryptionProto.ReloadKeksRequest }, answer: Answer) => {
        this.orders.push(['reload', request]);
        answer(null, { node: 'n1', keks: this.keks });
      },
      registerWriter: order('register'),
      rotate: order('rotate'),
      rewrap: order('rewrap'),
      bootstrap: order('bootstrap'),
      enableStorageEnvelope: order('storage'),
      enableRaftEnvelope: order('raft'),
      retire: order('retire'),
      resume: order('resume'),
      scrub: order('scrub'),
      sealMode: order('seal'),
      rewrite: ({ request }: { request: encryptionProto.RewriteRequest }, answer: Answer) => {
        this.orders.push(['rewrite', request]);
        const state = this.rewriting.shift() ?? 'finished';
        const counts = { done: 5n, total: 9n, bytesPerSecond: 2_097_152n, remainingMs: 4_000n };
        answer(null, { groups: [{ group: 1n, state, keyId: 42, ...counts, error: '' }] });
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

  fail(code: ErrorCode, details = {}): void {
    const error = new CaissonError(code, details);
    const metadata = new Metadata();
    const words = { code, meaning: '', wayOut: '', retry: '' };
    const detail = { ...words, wire: error.entry.wire, details: encodeErrorDetails(error.details) };
    metadata.set('caisson-error-bin', Buffer.from(proto.ErrorDetail.encode(detail).finish()));
    this.failures.push(Object.assign(new Error(error.message), { code: status[error.entry.grpc], metadata }));
  }

  #status(count: boolean): encryptionProto.KeyStatusResponse {
    const flags = {
      group: 1n,
      bootstrapped: this.isSealed,
      storageEnvelopeActive: this.isSealed,
      storageEnvelopeCutoverIndex: this.isSealed ? 7n : 0n,
      raftEnvelopeCutoverIndex: this.isSealed ? 11n : 0n,
      registered: true,
    };
    const values = count ? 12n : undefined;
    const key = { keyId: 42, purpose: 'storage', state: 'active', localEpoch: 3, values };
    const node = { enabled: true, bornEncrypted: false, envelopeVersion: 2, fullNodeId: 9n };
    const [activeStorageKey, activeRaftKey] = this.isSealed ? [42, 43] : [0, 0];
    const active = { activeStorageKey, activeRaftKey };
    return {
      node: 'n1',
      encryption: { ...node, keys: this.isSealed ? [key] : [], groups: [flags] },
      groups: [{ group: 1n, ...active, leads: true, leader: 'n1', sealedModeIndex: this.sealedModeIndex }],
    };
  }

  #carryOut(name: string, call: Call): void {
    this.orders.push([name, call.request]);
    const failure = this.failures.shift();
    const whole = { group: 1n, step: KEY_STEP.KEY_STEP_ASKING, keyId: 0, planned: false };
    const lists = { members: [], scrubs: [], blockers: [] };
    if (failure) return void call.emit('error', failure);
    for (const step of this.steps) call.write({ ...whole, ...lists, ...step });
    call.end();
  }
}
