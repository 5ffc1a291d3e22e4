import {
  CaissonError,
  type AddRequest,
  type CallContext,
  type ClusterProgress,
  type ClusterService,
  type KvService,
} from '@caisson/contracts';
import { proto, type GrpcMethod } from '@caisson/formats';
import { Client, credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { once } from 'node:events';
import { ERROR_TRAILER, GatewayGrpcConfig, GrpcGateway } from '../index.js';
import { gatewayParts } from '../testdata/gateway-parts.js';
import { CLUSTER_METHODS, CLUSTER_SERVICE } from './cluster-handlers.js';

const CATCHING_UP: readonly ClusterProgress[] = [
  { group: 1, step: 'asking' },
  { group: 1, step: 'catching-up', matched: 10, goal: 400 },
  { group: 1, step: 'done' },
];

/** Says what it is told to, and remembers who asked for what. */
class ScriptedCluster implements ClusterService {
  readonly orders: unknown[][] = [];
  steps: readonly ClusterProgress[] = CATCHING_UP;
  fails: CaissonError | undefined;
  holdsBack = false;

  status() {
    const progress = { matched: 7, state: 'following' as const, active: true };
    const members = [
      { name: 'n1', role: 'voter' as const, address: 'a:1', clientAddress: 'a:2', progress },
      { name: 'n2', role: 'learner' as const },
    ];
    const group = { id: 1, applied: 7, durable: 8, leads: true, leader: 'n1', leadership: 3, refused: 0 };
    return { node: 'n1', clusterId: new Uint8Array(16).fill(5), groups: [{ ...group, members }] };
  }

  add = (request: AddRequest, context: CallContext) => this.#carryOut(context, 'add', request);
  promote = (name: string, context: CallContext) => this.#carryOut(context, 'promote', name);
  remove = (name: string, context: CallContext) => this.#carryOut(context, 'remove', name);
  replace = (old: string, by: AddRequest, context: CallContext) =>
    this.#carryOut(context, 'replace', old, by);
  transfer = (target: string | undefined, context: CallContext) =>
    this.#carryOut(context, 'transfer', target);
  joinToken = () => 'caisson-join-abc';

  async digest(group: number, position: number) {
    return { group, position: position + 1, digest: new Uint8Array(32).fill(9), pairs: 3 };
  }

  async *#carryOut({ signal }: CallContext, ...order: unknown[]): AsyncGenerator<ClusterProgress> {
    this.orders.push(order);
    yield* this.steps;
    if (this.fails) throw this.fails;
    if (this.holdsBack)
      await new Promise((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason)));
  }
}

const opened: { stop(): void }[] = [];
const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  for (const gateway of opened.splice(0)) gateway.stop();
});

async function serve(config: Record<string, unknown> = {}, cluster?: ClusterService) {
  const kv = {} as KvService;
  const parsed = GatewayGrpcConfig.parse({ listen: '127.0.0.1:0', ...config });
  const gateway = new GrpcGateway(parsed, gatewayParts(kv, cluster));
  opened.push(gateway);
  await gateway.start();
  const client = new Client(gateway.addresses[0]!, credentials.createInsecure());
  clients.push(client);
  return { gateway, client };
}

async function serveScripted(config: Record<string, unknown> = {}) {
  const cluster = new ScriptedCluster();
  return { cluster, ...(await serve(config, cluster)) };
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

function order<Request, Response>(
  client: Client,
  method: Method<Request, Response>,
  request: Request,
  metadata = new Metadata(),
) {
  const { path, requestSerialize, responseDeserialize } = method;
  return client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, metadata);
}

async function stepsOf<T>(stream: AsyncIterable<T>): Promise<readonly T[]> {
  const steps: T[] = [];
  for await (const step of stream) steps.push(step);
  return steps;
}

async function failureOf(stream: AsyncIterable<unknown>): Promise<ServiceError> {
  return stepsOf(stream).then(
    () => Promise.reject(new RangeError('did not fail')),
    (error: ServiceError) => error,
  );
}

const detailOf = (error: ServiceError) =>
  proto.ErrorDetail.decode(error.metadata.get(ERROR_TRAILER)[0] as Buffer);

const CANDIDATE = { name: 'n4', address: 'b:1', clientAddress: 'b:2', learner: false };

test('the status says who leads, where members are reached and how far they are', async () => {
  const { client } = await serveScripted();
  const { node, clusterId, groups } = await ask(client, CLUSTER_METHODS.status, {});
  expect([node, clusterId]).toEqual(['n1', Buffer.alloc(16, 5)]);
  expect(groups).toMatchObject([
    {
      id: 1n,
      leader: 'n1',
      leadership: 3n,
      members: [
        { name: 'n1', clientAddress: 'a:2', progress: { matched: 7n, state: 'following', active: true } },
        { name: 'n2', learner: true, address: '', clientAddress: '', progress: undefined },
      ],
    },
  ]);
});

test('an order streams its steps, with how far a node has caught up', async () => {
  const { client, cluster } = await serveScripted();
  const steps = await stepsOf(order(client, CLUSTER_METHODS.add, { node: CANDIDATE }));
  expect(steps).toEqual([
    { group: 1n, step: 1, matched: undefined, goal: undefined },
    { group: 1n, step: 4, matched: 10n, goal: 400n },
    { group: 1n, step: 8, matched: undefined, goal: undefined },
  ]);
  expect(cluster.orders).toEqual([['add', CANDIDATE]]);
});

test('every order reaches the service with what it names', async () => {
  const { client, cluster } = await serveScripted();
  await stepsOf(order(client, CLUSTER_METHODS.promote, { name: 'n4' }));
  await stepsOf(order(client, CLUSTER_METHODS.remove, { name: 'n2' }));
  await stepsOf(order(client, CLUSTER_METHODS.replace, { old: 'n2', by: CANDIDATE }));
  await stepsOf(order(client, CLUSTER_METHODS.transfer, { target: '' }));
  await stepsOf(order(client, CLUSTER_METHODS.transfer, { target: 'n3' }));
  expect(cluster.orders).toEqual([
    ['promote', 'n4'],
    ['remove', 'n2'],
    ['replace', 'n2', CANDIDATE],
    ['transfer', undefined],
    ['transfer', 'n3'],
  ]);
});

test('a failed order ends with the typed error after the steps it made', async () => {
  const { client, cluster } = await serveScripted();
  cluster.fails = new CaissonError('NOT_LEADER', { group: 1, leader: 'n3', address: 'c:2' });
  const stream = order(client, CLUSTER_METHODS.remove, { name: 'n2' });
  const seen: unknown[] = [];
  stream.on('data', (step) => seen.push(step));
  const [error] = (await once(stream, 'error')) as [ServiceError];
  expect(seen).toHaveLength(3);
  expect(error.code).toBe(status.UNAVAILABLE);
  const { code, details } = detailOf(error);
  expect([code, JSON.parse(details)]).toEqual(['NOT_LEADER', { group: 1, leader: 'n3', address: 'c:2' }]);
});

test('an order that names nobody is refused before the service hears of it', async () => {
  const { client, cluster } = await serveScripted();
  const nameless = await failureOf(order(client, CLUSTER_METHODS.remove, { name: '' }));
  const homeless = await failureOf(
    order(client, CLUSTER_METHODS.add, { node: { ...CANDIDATE, clientAddress: '' } }),
  );
  expect(detailOf(nameless)).toMatchObject({ code: 'INVALID_ARGUMENT' });
  expect(JSON.parse(detailOf(homeless).details)).toMatchObject({ field: 'node.client_address' });
  expect(cluster.orders).toEqual([]);
});

test('a reader looks, and may not order', async () => {
  const access = {
    anonymous: 'reader',
    tokens: [{ name: 'ops', role: 'operator', token: { env: 'X' } }],
  };
  const { client, cluster } = await serveScripted({ access });
  expect((await ask(client, CLUSTER_METHODS.joinToken, {})).token).toBe('caisson-join-abc');
  expect((await ask(client, CLUSTER_METHODS.digest, { group: 1n, position: 40n })).position).toBe(41n);
  const denied = await failureOf(order(client, CLUSTER_METHODS.remove, { name: 'n2' }));
  expect(detailOf(denied)).toMatchObject({ code: 'PERMISSION_DENIED' });
  expect(cluster.orders).toEqual([]);
  const metadata = new Metadata();
  metadata.set('authorization', 'Bearer s3cret');
  await stepsOf(order(client, CLUSTER_METHODS.remove, { name: 'n2' }, metadata));
  expect(cluster.orders).toEqual([['remove', 'n2']]);
});

test('a client that leaves aborts the order', async () => {
  const { client, cluster } = await serveScripted();
  let reason: unknown;
  cluster.promote = async function* (_name: string, { signal }: CallContext) {
    yield CATCHING_UP[0]!;
    await once(signal!, 'abort');
    reason = signal!.reason;
  };
  const stream = order(client, CLUSTER_METHODS.promote, { name: 'n4' });
  stream.on('error', () => undefined);
  await once(stream, 'data');
  stream.cancel();
  while (reason === undefined) await new Promise(setImmediate);
  expect(reason).toMatchObject({ code: 'CANCELLED' });
});

test('draining ends orders with DRAINING, for another node to go on with', async () => {
  const { client, cluster, gateway } = await serveScripted();
  cluster.holdsBack = true;
  const stream = order(client, CLUSTER_METHODS.promote, { name: 'n4' });
  const failure = failureOf(stream);
  await once(stream, 'data');
  await gateway.drain(new AbortController().signal);
  expect(detailOf(await failure)).toMatchObject({ code: 'DRAINING', retry: 'other-node' });
});

test('the service is served, healthy and reflected only where there is a cluster', async () => {
  const bytes = (buffer: Buffer) => buffer;
  const check = Buffer.concat([Buffer.of(0x0a, CLUSTER_SERVICE.length), Buffer.from(CLUSTER_SERVICE)]);
  const health = (client: Client) =>
    new Promise<Buffer | ServiceError>((resolve) =>
      client.makeUnaryRequest('/grpc.health.v1.Health/Check', bytes, bytes, check, (error, response) =>
        resolve(error ?? response!),
      ),
    );
  const reflected = async (client: Client) => {
    const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
    const stream = client.makeBidiStreamRequest(path, bytes, bytes);
    stream.on('error', () => undefined);
    stream.write(Buffer.of(0x3a, 1, 0x2a));
    const [answer] = (await once(stream, 'data')) as [Buffer];
    stream.cancel();
    return answer.toString('latin1').includes(CLUSTER_SERVICE);
  };
  const { client } = await serveScripted();
  expect(await health(client)).toEqual(Buffer.of(0x08, 1));
  expect(await reflected(client)).toBe(true);
  const { client: single } = await serve();
  expect(await health(single)).toMatchObject({ code: status.NOT_FOUND });
  expect(await reflected(single)).toBe(false);
  const error = await failureOf(order(single, CLUSTER_METHODS.promote, { name: 'n4' }));
  expect(error.code).toBe(status.UNIMPLEMENTED);
});
