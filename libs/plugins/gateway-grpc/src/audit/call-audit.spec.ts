import {
  type AuditedOrder,
  type AuditPage,
  type AuditService,
  CaissonError,
  type ErrorCode,
  type KvService,
} from '@caisson/contracts';
import { backupProto, type GrpcMethod, proto } from '@caisson/formats';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { BACKUP_METHODS } from '../backup/backup-handlers.js';
import { ERROR_TRAILER, GatewayGrpcConfig, GrpcGateway } from '../index.js';
import { gatewayParts } from '../testdata/gateway-parts.js';
import { AUDIT_METHODS } from './audit-handlers.js';
import { CallAudit, nameOfCall } from './call-audit.js';

/** Remembers what it is told, and fails where it is told to. */
class ScriptedAudit implements AuditService {
  readonly told: string[] = [];
  readonly orders: AuditedOrder[] = [];
  failsAt: 'begin' | 'end' | undefined;

  async begin(order: AuditedOrder) {
    if (this.failsAt === 'begin') throw new CaissonError('UNAVAILABLE', { problem: 'no quorum' });
    this.orders.push(order);
    this.told.push('begun');
    return {
      end: async (result: 'ok' | ErrorCode) => {
        if (this.failsAt === 'end') throw new CaissonError('UNKNOWN_OUTCOME');
        this.told.push(`ended ${result}`);
      },
    };
  }

  refused(order: AuditedOrder, code: ErrorCode) {
    this.orders.push(order);
    this.told.push(`refused ${code}`);
  }

  async *read(): AsyncGenerator<AuditPage> {
    yield { rows: [{ number: 1, row: Uint8Array.of(7) }] };
    yield { rows: [], head: Uint8Array.of(9) };
  }
}

const opened: { stop(): void }[] = [];
afterEach(() => opened.splice(0).forEach((each) => each.stop()));

async function serve(config: Record<string, unknown> = {}, fails?: CaissonError) {
  const audit = new ScriptedAudit();
  const backup = {
    estimate: async () => 1,
    async *create() {
      audit.told.push('carried out');
      if (fails) throw fails;
      yield { kind: 'manifest' as const, bytes: Uint8Array.of(1) };
    },
  };
  const parsed = GatewayGrpcConfig.parse({ listen: '127.0.0.1:0', ...config });
  const gateway = new GrpcGateway(parsed, { ...gatewayParts({} as KvService), audit, backup });
  await gateway.start();
  const client = new Client(gateway.addresses[0]!, credentials.createInsecure());
  opened.push({ stop: () => client.close() }, gateway);
  return { audit, client };
}

async function follow<Request, Response>(
  client: Client,
  method: GrpcMethod<Request, Response, Buffer>,
  request: Request,
  token?: string,
) {
  const { path, requestSerialize, responseDeserialize } = method;
  const metadata = new Metadata();
  if (token) metadata.set('authorization', `Bearer ${token}`);
  const messages: Response[] = [];
  const call = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, metadata);
  try {
    for await (const message of call as AsyncIterable<Response>) messages.push(message);
  } catch (error) {
    const trailer = (error as ServiceError).metadata.get(ERROR_TRAILER)[0] as Buffer;
    return proto.ErrorDetail.decode(trailer).code;
  }
  return messages;
}

const create = (client: Client, token?: string) =>
  follow(client, BACKUP_METHODS.create, {} as backupProto.CreateBackupRequest, token);

test('an order is on record before it is carried out, and its end before the caller is told', async () => {
  const { audit, client } = await serve();
  expect(await create(client)).toHaveLength(2);
  expect(audit.told).toEqual(['begun', 'carried out', 'ended ok']);
  expect(audit.orders).toEqual([
    {
      what: 'backup.create',
      detail: '',
      who: 'anonymous',
      from: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    },
  ]);
});

test('an order that fails ends on record with its code', async () => {
  const { audit, client } = await serve({}, new CaissonError('STORE_CLOSED'));
  expect(await create(client)).toBe('STORE_CLOSED');
  expect(audit.told).toEqual(['begun', 'carried out', 'ended STORE_CLOSED']);
});

test('what cannot be put on record is not carried out', async () => {
  const { audit, client } = await serve();
  audit.failsAt = 'begin';
  expect(await create(client)).toBe('UNAVAILABLE');
  expect(audit.told).toEqual([]);
});

test('nobody is told of a success whose end is not on record', async () => {
  const { audit, client } = await serve();
  audit.failsAt = 'end';
  expect(await create(client)).toBe('UNKNOWN_OUTCOME');
  expect(audit.told).toEqual(['begun', 'carried out']);
});

test('a caller who may not order is on record with the name of their token', async () => {
  const tokens = [{ name: 'metrics', role: 'reader', token: { env: 'TOKEN' } }];
  const { audit, client } = await serve({ access: { tokens } });
  expect(await create(client, 's3cret')).toBe('PERMISSION_DENIED');
  expect(await create(client, 'guess')).toBe('UNAUTHENTICATED');
  expect(audit.told).toEqual(['refused PERMISSION_DENIED', 'refused UNAUTHENTICATED']);
  expect(audit.orders.map(({ who }) => who)).toEqual(['token metrics', 'unknown token']);
});

test('reading the record is not put on record, and needs an operator', async () => {
  const { audit, client } = await serve();
  expect(await follow(client, AUDIT_METHODS.read, { first: 1n, current: false })).toMatchObject([
    { rows: [{ number: 1n }], node: 'n1' },
    { rows: [], head: Buffer.of(9) },
  ]);
  expect(audit.told).toEqual([]);
  const other = await serve({ access: { anonymous: 'reader' } });
  expect(await follow(other.client, AUDIT_METHODS.read, { first: 1n, current: false })).toBe(
    'PERMISSION_DENIED',
  );
});

test('what was ordered is told in words, and never in bytes', async () => {
  const audit = new ScriptedAudit();
  const calls = new CallAudit({ audit, nameOf: () => 'ada', require: () => undefined });
  const order = (path: string, request: object) =>
    calls.carryOut(
      'operator',
      { request, getPath: () => path, getPeer: () => 'here' } as never,
      new AbortController().signal,
      async () => undefined,
    );
  const secret = new TextEncoder().encode('plain secret');
  await order('/caisson.v1.Encryption/Rotate', { purpose: 1, from: [3, 4], dryRun: false, secret });
  await order('/caisson.v1.Cluster/Add', { node: { name: 'n4', address: 'a:1\nforged', learner: true } });
  await order('/caisson.v1.Encryption/Rotate', { purpose: 1, dryRun: true });
  await order('/caisson.v1.Encryption/Rewrite', { action: 2 });
  await order('/caisson.v1.Encryption/Rewrite', { action: 1, bytesPerSecond: 100n });
  expect(audit.orders.map(({ what, detail }) => `${what} ${detail}`)).toEqual([
    'encryption.rotate purpose=storage from=[3,4] secret=(12 bytes)',
    'cluster.add node={name=n4 address=a:1_forged learner=true}',
    'encryption.rewrite action=start bytesPerSecond=100',
  ]);
});

test('methods have names that people type', () => {
  expect(nameOfCall('/caisson.v1.Encryption/EnableRaftEnvelope')).toBe('encryption.enable-raft-envelope');
  expect(nameOfCall('/caisson.v1.Cluster/Add')).toBe('cluster.add');
});
