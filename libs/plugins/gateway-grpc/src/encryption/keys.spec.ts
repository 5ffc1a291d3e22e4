import {
  CaissonError,
  type CallContext,
  type KekCheck,
  type KeyLifecycleService,
  type KeyProgress,
  type KvService,
} from '@caisson/contracts';
import { encryptionProto, proto, type GrpcMethod } from '@caisson/formats';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { ERROR_TRAILER, GatewayGrpcConfig, GrpcGateway } from '../index.js';
import { gatewayParts } from '../testdata/gateway-parts.js';
import { ENCRYPTION_METHODS } from './key-handlers.js';

const { KeyPurpose, KeyStep } = encryptionProto;
const GROUP = {
  group: 1,
  bootstrapped: true,
  storageEnvelopeActive: true,
  storageEnvelopeCutoverIndex: 5,
  raftEnvelopeCutoverIndex: 9,
  registered: true,
  activeStorageKey: 3,
  activeRaftKey: 4,
  leads: true,
  leader: 'n1',
};

/** Says what it is told to, and remembers who asked for what. */
class ScriptedKeys implements KeyLifecycleService {
  readonly orders: unknown[][] = [];
  steps: readonly KeyProgress[] = [
    { group: 1, step: 'asking', members: ['n1', 'n2'] },
    { group: 1, step: 'done', keyId: 4, planned: true },
  ];
  fails: CaissonError | undefined;

  async status({ current, count }: { current?: boolean; count?: boolean }) {
    this.orders.push(['status', current, count]);
    const key = { keyId: 3, purpose: 'storage' as const, state: 'active' as const, localEpoch: 2, values: 5 };
    const birth = 'clear' as const;
    return {
      node: 'n1',
      enabled: true,
      birth,
      envelopeVersion: 2,
      fullNodeId: 7n,
      keys: [key],
      groups: [GROUP],
    };
  }

  async verify(): Promise<readonly KekCheck[]> {
    const key = { keyId: 3, purpose: 'storage' as const, provider: 'file', keyRef: 'ab' };
    return [
      { ...key, result: 'opened' },
      { ...key, provider: 'kms', result: 'failed', error: 'KEK_DENIED' },
    ];
  }

  async rewrite(order: object) {
    this.orders.push(['rewrite', order]);
    const counts = { done: 3, total: 9, bytesPerSecond: 100, remainingMs: 50 };
    return [{ group: 1, state: 'running' as const, keyId: 4, ...counts }];
  }

  rotate = (order: object, context: CallContext) => this.#carryOut(context, 'rotate', order);
  rewrap = (order: object, context: CallContext) => this.#carryOut(context, 'rewrap', order);
  bootstrap = (order: object, context: CallContext) => this.#carryOut(context, 'bootstrap', order);
  enableStorageEnvelope = (order: object, context: CallContext) => this.#carryOut(context, 'storage', order);
  enableRaftEnvelope = (order: object, context: CallContext) => this.#carryOut(context, 'raft', order);
  retire = (order: object, context: CallContext) => this.#carryOut(context, 'retire', order);
  resume = (order: object, context: CallContext) => this.#carryOut(context, 'resume', order);
  scrub = (order: object, context: CallContext) => this.#carryOut(context, 'scrub', order);
  registerWriter = (order: object, context: CallContext) => this.#carryOut(context, 'register', order);

  async keks() {
    const kek = { provider: 'file', keyRef: 'ab', state: 'enabled' as const, hardware: false };
    return { node: 'n1', keks: [{ ...kek, postQuantum: true, keys: 2, missing: 0, openedMsAgo: 5 }] };
  }

  async registeredEpochs(name: string) {
    return [{ keyId: 3, epoch: name.length }];
  }

  async reloadKeks(order: object) {
    this.orders.push(['reload', order]);
    return this.keks();
  }

  sealMode = (order: object, context: CallContext) => this.#carryOut(context, 'seal', order);

  async *#carryOut(_: CallContext, ...order: unknown[]): AsyncGenerator<KeyProgress> {
    this.orders.push(order);
    yield* this.steps;
    if (this.fails) throw this.fails;
  }
}

const opened: { stop(): void }[] = [];
afterEach(() => opened.splice(0).forEach((gateway) => gateway.stop()));

async function serve(config: Record<string, unknown> = {}) {
  const keys = new ScriptedKeys();
  const parsed = GatewayGrpcConfig.parse({ listen: '127.0.0.1:0', ...config });
  const gateway = new GrpcGateway(parsed, { ...gatewayParts({} as KvService), keys });
  await gateway.start();
  const client = new Client(gateway.addresses[0]!, credentials.createInsecure());
  opened.push({ stop: () => client.close() }, gateway);
  return { keys, client };
}

type Method<Request, Response> = GrpcMethod<Request, Response, Buffer>;

function ask<Request, Response>(client: Client, method: Method<Request, Response>, request: Request) {
  const { path, requestSerialize, responseDeserialize } = method;
  return new Promise<Response>((resolve, reject) =>
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, response) =>
      error ? reject(error) : resolve(response!),
    ),
  );
}

async function order<Request, Response>(client: Client, method: Method<Request, Response>, request: Request) {
  const { path, requestSerialize, responseDeserialize } = method;
  const metadata = new Metadata();
  const stream = client.makeServerStreamRequest(
    path,
    requestSerialize,
    responseDeserialize,
    request,
    metadata,
  );
  const steps: Response[] = [];
  for await (const step of stream as AsyncIterable<Response>) steps.push(step);
  return steps;
}

const codeOf = (failing: Promise<unknown>) =>
  failing.then(
    () => 'none',
    (error: ServiceError) => proto.ErrorDetail.decode(error.metadata.get(ERROR_TRAILER)[0] as Buffer).code,
  );

test('the status says which keys there are, and where they are active', async () => {
  const { client, keys } = await serve();
  expect(await ask(client, ENCRYPTION_METHODS.status, { current: true, count: true })).toMatchObject({
    node: 'n1',
    encryption: { enabled: true, bornEncrypted: false, keys: [{ keyId: 3, state: 'active', values: 5n }] },
    groups: [{ group: 1n, activeStorageKey: 3, activeRaftKey: 4, leads: true, leader: 'n1' }],
  });
  expect(keys.orders).toEqual([['status', true, true]]);
});

test('a verification says what each KEK made of each key', async () => {
  const { client } = await serve();
  expect((await ask(client, ENCRYPTION_METHODS.verify, {})).checks).toMatchObject([
    { keyId: 3, provider: 'file', result: 'opened', error: '' },
    { keyId: 3, provider: 'kms', result: 'failed', error: 'KEK_DENIED' },
  ]);
});

test('every order reaches the service with what it says, and streams its steps', async () => {
  const { client, keys } = await serve();
  const rotation = { purpose: KeyPurpose.KEY_PURPOSE_RAFT, from: [4], dryRun: false };
  expect(await order(client, ENCRYPTION_METHODS.rotate, rotation)).toEqual([
    {
      group: 1n,
      step: KeyStep.KEY_STEP_ASKING,
      members: ['n1', 'n2'],
      keyId: 0,
      planned: false,
      scrubs: [],
      blockers: [],
    },
    {
      group: 1n,
      step: KeyStep.KEY_STEP_DONE,
      members: [],
      keyId: 4,
      planned: true,
      scrubs: [],
      blockers: [],
    },
  ]);
  await order(client, ENCRYPTION_METHODS.rotate, { ...rotation, from: [] });
  await order(client, ENCRYPTION_METHODS.rewrap, { dryRun: true, everyKek: false });
  await order(client, ENCRYPTION_METHODS.bootstrap, { dryRun: true });
  await order(client, ENCRYPTION_METHODS.enableStorageEnvelope, { dryRun: false });
  await order(client, ENCRYPTION_METHODS.enableRaftEnvelope, { dryRun: true });
  await order(client, ENCRYPTION_METHODS.sealMode, { dryRun: true });
  expect(keys.orders).toEqual([
    ['rotate', { purpose: 'raft', from: [4], dryRun: false }],
    ['rotate', { purpose: 'raft', dryRun: false }],
    ['rewrap', { dryRun: true, everyKek: false }],
    ['bootstrap', { dryRun: true }],
    ['storage', { dryRun: false }],
    ['raft', { dryRun: true }],
    ['seal', { dryRun: true }],
  ]);
});

test('what stands in the way of a key’s end arrives whole', async () => {
  const { client, keys } = await serve();
  const blocker = { member: 'n2', problem: '3 values are under the key', next: 'rewrite them' };
  const gone = { member: 'n3', problem: 'does not say', next: 'bring it back' };
  const blockers = [
    { ...blocker, what: 'values' as const, count: 3 },
    { ...gone, what: 'unreachable' as const },
  ];
  keys.steps = [{ group: 1, step: 'counting', blockers }];
  const request = { keyId: 7, erase: true, dryRun: true };
  expect(await order(client, ENCRYPTION_METHODS.retire, request)).toMatchObject([
    {
      step: KeyStep.KEY_STEP_COUNTING,
      blockers: [
        { ...blocker, what: 'values', count: 3n },
        { ...gone, what: 'unreachable', count: undefined },
      ],
    },
  ]);
  await order(client, ENCRYPTION_METHODS.resume, { keyId: 7, dryRun: false });
  expect(keys.orders).toEqual([
    ['retire', request],
    ['resume', { keyId: 7, dryRun: false }],
  ]);
});

test('a rotation of nothing is refused, and a refusal arrives typed', async () => {
  const { client, keys } = await serve();
  const nothing = { purpose: KeyPurpose.KEY_PURPOSE_UNSPECIFIED, from: [], dryRun: false };
  expect(await codeOf(order(client, ENCRYPTION_METHODS.rotate, nothing))).toBe('INVALID_ARGUMENT');
  expect(keys.orders).toEqual([]);
  keys.fails = new CaissonError('CAPABILITY_CHECK_FAILED', { problems: ['n2: UNAVAILABLE'] });
  const failing = order(client, ENCRYPTION_METHODS.enableStorageEnvelope, { dryRun: false });
  expect(await codeOf(failing)).toBe('CAPABILITY_CHECK_FAILED');
});

test('a reader looks, and neither orders nor uses the KEK', async () => {
  const { client, keys } = await serve({ access: { anonymous: 'reader' } });
  expect((await ask(client, ENCRYPTION_METHODS.status, { current: false, count: false })).node).toBe('n1');
  expect(await codeOf(ask(client, ENCRYPTION_METHODS.verify, {}))).toBe('PERMISSION_DENIED');
  expect(await codeOf(order(client, ENCRYPTION_METHODS.rewrap, { dryRun: true, everyKek: false }))).toBe(
    'PERMISSION_DENIED',
  );
  expect(keys.orders).toEqual([['status', false, false]]);
});

test('KEKs are told to readers, read again for operators, and members registered', async () => {
  const { client, keys } = await serve();
  const told = await ask(client, ENCRYPTION_METHODS.listKeks, {});
  expect(told).toMatchObject({ node: 'n1', keks: [{ provider: 'file', openedMsAgo: 5n, failure: '' }] });
  expect((await ask(client, ENCRYPTION_METHODS.reloadKeks, { dryRun: true })).keks).toEqual(told.keks);
  await order(client, ENCRYPTION_METHODS.registerWriter, { name: 'n2', dryRun: false });
  expect(keys.orders).toEqual([
    ['reload', { dryRun: true }],
    ['register', { name: 'n2', dryRun: false }],
  ]);
  const asked = await ask(client, ENCRYPTION_METHODS.registeredEpochs, { name: 'n2' });
  expect(asked.epochs).toEqual([{ keyId: 3, epoch: 2 }]);
  const reader = await serve({ access: { anonymous: 'reader' } });
  expect((await ask(reader.client, ENCRYPTION_METHODS.listKeks, {})).node).toBe('n1');
  const refused = ask(reader.client, ENCRYPTION_METHODS.reloadKeks, { dryRun: true });
  expect(await codeOf(refused)).toBe('PERMISSION_DENIED');
});

test('rewriting is ordered and answered for this node', async () => {
  const { client, keys } = await serve();
  const action = encryptionProto.RewriteAction.REWRITE_ACTION_START;
  const start = { action, bytesPerSecond: 100n, finishByMs: undefined };
  expect((await ask(client, ENCRYPTION_METHODS.rewrite, start)).groups).toEqual([
    {
      group: 1n,
      state: 'running',
      keyId: 4,
      done: 3n,
      total: 9n,
      bytesPerSecond: 100n,
      remainingMs: 50n,
      error: '',
    },
  ]);
  await ask(client, ENCRYPTION_METHODS.rewrite, { action, bytesPerSecond: undefined, finishByMs: 99n });
  const look = {
    ...start,
    action: encryptionProto.RewriteAction.REWRITE_ACTION_LOOK,
    bytesPerSecond: undefined,
  };
  await ask(client, ENCRYPTION_METHODS.rewrite, look);
  expect(keys.orders).toEqual([
    ['rewrite', { action: 'start', bytesPerSecond: 100 }],
    ['rewrite', { action: 'start', finishBy: 99 }],
    ['rewrite', { action: 'look' }],
  ]);
  const nothing = { ...look, action: encryptionProto.RewriteAction.REWRITE_ACTION_UNSPECIFIED };
  expect(await codeOf(ask(client, ENCRYPTION_METHODS.rewrite, nothing))).toBe('INVALID_ARGUMENT');
});
