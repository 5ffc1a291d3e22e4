/** There is no kit for client APIs: what every gateway owes its callers is shown over real sockets. */
import { CaissonError, type KvService } from '@caisson/contracts';
import {
  decodeGetResponse,
  decodeResponses,
  decodeWireError,
  encodeGetRequest,
  encodeRequests,
  grpcMethods,
  OP,
  proto,
  STATUS,
  type RequestMessage,
  type ResponseMessage,
} from '@caisson/formats';
import { Client, credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { ERROR_TRAILER, GatewayGrpcConfig, GrpcGateway } from './index.js';
import { gatewayParts } from './testdata/gateway-parts.js';

const METHODS = grpcMethods(proto.KvDefinition, (bytes) => Buffer.from(bytes));
const KEY = Uint8Array.of(1);

class FakeKv implements KvService {
  holdBack = false;
  aborted: unknown;
  gets = 0;
  running = 0;
  runningMost = 0;

  async get({ key }: { key: Uint8Array }, { signal }: { signal?: AbortSignal }) {
    this.gets++;
    if (this.holdBack) await this.#untilAborted(signal!);
    this.runningMost = Math.max(this.runningMost, ++this.running);
    await new Promise(setImmediate);
    this.running--;
    if (key[0] === 9) throw new TypeError('the value was hunter2');
    return { found: { value: key, commitTs: 1n << 60n, expireAt: 0n }, readTs: 3n, staleMs: 0 };
  }

  async scan() {
    return { pairs: [{ key: KEY, value: KEY, commitTs: 2n }], readTs: 3n, staleMs: 0 };
  }

  async write() {
    return { kind: 'conflict' as const, keyHash: 77n };
  }

  async begin() {
    return { startTs: 4n };
  }

  #untilAborted(signal: AbortSignal): Promise<never> {
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        this.aborted = signal.reason;
        reject(signal.reason);
      });
    });
  }
}

const opened: { stop(): void }[] = [];
const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  for (const gateway of opened.splice(0)) gateway.stop();
});

async function serve(config: Record<string, unknown> = {}, kv = new FakeKv()) {
  const gateway = new GrpcGateway(
    GatewayGrpcConfig.parse({ listen: '127.0.0.1:0', ...config }),
    gatewayParts(kv),
  );
  opened.push(gateway);
  await gateway.start();
  const client = new Client(gateway.addresses[0]!, credentials.createInsecure());
  clients.push(client);
  return { gateway, kv, client };
}

function get(client: Client, key: Uint8Array, options: { token?: string; deadlineMs?: number } = {}) {
  const metadata = new Metadata();
  if (options.token) metadata.set('authorization', `Bearer ${options.token}`);
  const { path, requestSerialize, responseDeserialize } = METHODS.get;
  const request = { key, ts: undefined, consistency: 0 };
  const call = options.deadlineMs ? { deadline: Date.now() + options.deadlineMs } : {};
  return new Promise<proto.GetResponse>((resolve, reject) =>
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      metadata,
      call,
      (error, response) => (error ? reject(error) : resolve(response!)),
    ),
  );
}

const detailOf = (error: ServiceError) =>
  proto.ErrorDetail.decode(error.metadata.get(ERROR_TRAILER)[0] as Buffer);

test('a unary call is answered, with 64-bit timestamps whole', async () => {
  const { client } = await serve();
  expect(await get(client, KEY)).toMatchObject({ found: { value: Buffer.from(KEY), commitTs: 1n << 60n } });
});

test('a stream answers many requests at once, each by its id, and refuses what it does not know', async () => {
  const { client } = await serve();
  const { path, requestSerialize, responseDeserialize } = METHODS.stream;
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  call.on('error', () => undefined);
  const requests = [1, 2, 3].map((id) => ({
    id,
    op: OP.get,
    deadlineMs: 0,
    body: encodeGetRequest({ key: KEY }),
  }));
  call.write({
    messages: encodeRequests([...requests, { id: 4, op: 99, deadlineMs: 0, body: new Uint8Array(0) }]),
  });
  const answers = new Map<number, { status: number; body: Uint8Array }>();
  for await (const frame of call as AsyncIterable<proto.Frame>) {
    for (const answer of decodeResponses(frame.messages)) answers.set(answer.id, answer);
    if (answers.size === 4) break;
  }
  for (const id of [1, 2, 3]) expect(decodeGetResponse(answers.get(id)!.body).found?.value).toEqual(KEY);
  expect(answers.get(4)!.status).toBe(STATUS.error);
  expect(decodeWireError(answers.get(4)!.body).code).toBe('UNIMPLEMENTED');
});

async function answersOf(client: Client, requests: readonly RequestMessage[]) {
  const { path, requestSerialize, responseDeserialize } = METHODS.stream;
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  call.on('error', () => undefined);
  call.write({ messages: encodeRequests(requests) });
  const answers: ResponseMessage[] = [];
  for await (const frame of call as AsyncIterable<proto.Frame>) {
    answers.push(...decodeResponses(frame.messages));
    if (answers.length === requests.length) break;
  }
  return answers;
}

test('of many requests in one frame no more run at once than the limit allows, and all are answered', async () => {
  const { client, kv } = await serve({ limits: { streamRequestsMax: 4 } });
  const body = encodeGetRequest({ key: KEY });
  const requests = Array.from({ length: 100 }, (_, at) => ({ id: at + 1, op: OP.get, deadlineMs: 0, body }));
  const answers = await answersOf(client, requests);
  expect(new Set(answers.map(({ id }) => id)).size).toBe(100);
  expect(answers.every(({ status: answered }) => answered === STATUS.ok)).toBe(true);
  expect(kv.runningMost).toBe(4);
});

test('a request whose time passes while it waits for room is not run', async () => {
  const { client, kv } = await serve({ limits: { streamRequestsMax: 1 } });
  kv.holdBack = true;
  const body = encodeGetRequest({ key: KEY });
  const requests = [50, 10].map((deadlineMs, at) => ({ id: at + 1, op: OP.get, deadlineMs, body }));
  const answers = await answersOf(client, requests);
  expect(answers.map(({ body: error }) => decodeWireError(error).code)).toEqual([
    'DEADLINE_EXCEEDED',
    'DEADLINE_EXCEEDED',
  ]);
  expect(kv.gets).toBe(1);
});

test('an unexpected failure is INTERNAL and quotes nothing', async () => {
  const { client } = await serve();
  const error = (await get(client, Uint8Array.of(9)).catch((failure) => failure)) as ServiceError;
  expect(error.code).toBe(status.INTERNAL);
  expect(detailOf(error)).toMatchObject({ code: 'INTERNAL', retry: 'never' });
  expect(JSON.stringify([error.message, error.details, detailOf(error)])).not.toContain('hunter2');
});

test('where the leader is reaches the caller, on both kinds of calls, and the node serves on', async () => {
  const kv = new FakeKv();
  const details = { group: 1, leader: 'n2', address: '10.0.0.2:7700' };
  kv.get = () => Promise.reject(new CaissonError('NOT_LEADER', details));
  const { client } = await serve({}, kv);
  const error = (await get(client, KEY).catch((failure) => failure)) as ServiceError;
  expect(error.code).toBe(status.UNAVAILABLE);
  expect(detailOf(error)).toMatchObject({ code: 'NOT_LEADER', retry: 'other-node' });
  expect(JSON.parse(detailOf(error).details)).toEqual(details);
  const body = encodeGetRequest({ key: KEY });
  const [answer] = await answersOf(client, [{ id: 1, op: OP.get, deadlineMs: 0, body }]);
  expect(decodeWireError(answer!.body)).toMatchObject({ code: 'NOT_LEADER', details });
  const same = (bytes: Buffer) => bytes;
  const health = new Promise((resolve, reject) =>
    client.makeUnaryRequest('/grpc.health.v1.Health/Check', same, same, Buffer.alloc(0), (failure, bytes) =>
      failure ? reject(failure) : resolve(bytes),
    ),
  );
  // Field 1, SERVING: a node that does not lead serves reads, and says where writes go.
  expect(await health).toEqual(Buffer.from([8, 1]));
});

test('a deadline reaches the service as an abort, and the caller as DEADLINE_EXCEEDED', async () => {
  const { client, kv } = await serve();
  kv.holdBack = true;
  // A call whose time passed before it was sent never reaches the service.
  while (kv.aborted === undefined) {
    const error = (await get(client, KEY, { deadlineMs: 50 }).catch((failure) => failure)) as ServiceError;
    expect(error.code).toBe(status.DEADLINE_EXCEEDED);
  }
});

test('tokens give roles: none is unauthenticated, too little is denied, enough is served', async () => {
  const token = (role: string) => ({ access: { tokens: [{ name: 't', role, token: { env: 'X' } }] } });
  const { client } = await serve(token('reader'));
  const nobody = (await get(client, KEY).catch((failure) => failure)) as ServiceError;
  expect(detailOf(nobody).code).toBe('UNAUTHENTICATED');
  const guess = (await get(client, KEY, { token: 'wrong' }).catch((failure) => failure)) as ServiceError;
  expect(detailOf(guess).code).toBe('UNAUTHENTICATED');
  expect((await get(client, KEY, { token: 's3cret' })).found).toBeDefined();
  const { client: peer } = await serve(token('node'));
  const denied = (await get(peer, KEY, { token: 's3cret' }).catch((failure) => failure)) as ServiceError;
  expect(detailOf(denied).code).toBe('PERMISSION_DENIED');
});

test('draining answers what is in flight and refuses what is new', async () => {
  const { gateway, client } = await serve();
  const { path, requestSerialize, responseDeserialize } = METHODS.stream;
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  const request = { op: OP.get, deadlineMs: 0, body: encodeGetRequest({ key: KEY }) };
  call.write({ messages: encodeRequests([{ ...request, id: 1 }]) });
  await once(call, 'data');
  const ended = once(call, 'status');
  call.resume();
  await gateway.drain(new AbortController().signal);
  expect((await ended)[0]).toMatchObject({ code: status.OK });
  await expect(get(client, KEY, { deadlineMs: 2000 })).rejects.toMatchObject({ code: status.UNAVAILABLE });
});

test('a client that watches the health does not hold up the drain', async () => {
  const { gateway, client } = await serve();
  const same = (bytes: Buffer) => bytes;
  const watch = client.makeServerStreamRequest('/grpc.health.v1.Health/Watch', same, same, Buffer.alloc(0));
  watch.on('error', () => undefined);
  await once(watch, 'data');
  watch.resume();
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), 8_000);
  await gateway.drain(controller.signal);
  clearTimeout(timer);
  expect(controller.signal.aborted).toBe(false);
});

test('a size limit that ordinary frames and pages would pass is refused', () => {
  const limits = { messageBytesMax: 1024 * 1024 };
  expect(GatewayGrpcConfig.safeParse({ limits }).success).toBe(false);
});

test('roles for certificates that no client is asked for are refused', () => {
  const access = { certificates: [{ commonName: 'app', role: 'reader' }] };
  const tls = { cert: 'c.pem', key: { file: 'k.pem' }, ca: 'ca.pem' };
  expect(GatewayGrpcConfig.safeParse({ access, tls }).error?.issues).toMatchObject([
    { path: ['access', 'certificates'] },
  ]);
  const asked = { access, tls: { ...tls, requireClientCertificate: true } };
  expect(GatewayGrpcConfig.safeParse(asked).success).toBe(true);
});

test('a busy port and plaintext on a reachable address are typed errors', async () => {
  const busy = createServer().listen(0, '127.0.0.1');
  await once(busy, 'listening');
  const { port } = busy.address() as { port: number };
  await expect(serve({ listen: `127.0.0.1:${port}` })).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' });
  busy.close();
  await expect(serve({ listen: '0.0.0.0:0' })).rejects.toMatchObject({ code: 'INSECURE_ADDRESS' });
  const { gateway } = await serve({ listen: '0.0.0.0:0', insecure: true });
  expect(gateway.healthReport()).toMatchObject({ status: 'degraded' });
});
