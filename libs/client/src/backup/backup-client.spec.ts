import type { BackupPart } from '@caisson/contracts';
import { backupProto, grpcMethods } from '@caisson/formats';
import { Server, ServerCredentials, type ServerWritableStream } from '@grpc/grpc-js';
import { BackupClient } from '../index.js';

type Message = backupProto.BackupMessage;
type Call = ServerWritableStream<unknown, Message>;

const METHODS = grpcMethods(backupProto.BackupDefinition, (bytes) => Buffer.from(bytes));

let server: Server;
let client: BackupClient;
let cancelled: Promise<void>;

afterEach(() => {
  client.close();
  server.forceShutdown();
});

const slice = (fields: Partial<Message>): Message => ({
  estimate: 0n,
  manifest: false,
  group: 0n,
  number: 0n,
  bytes: new Uint8Array(0),
  complete: false,
  ...fields,
});

/** A node that answers with these messages, and ends only if it is told to. */
async function playing(messages: readonly Message[], ends = true): Promise<void> {
  server = new Server();
  let onCancelled: () => void;
  cancelled = new Promise((resolve) => (onCancelled = resolve));
  const create = (call: Call) => {
    call.on('cancelled', () => onCancelled());
    for (const message of messages) call.write(message);
    if (ends) call.end();
  };
  server.addService(METHODS, { create });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  client = new BackupClient({ address: `127.0.0.1:${port}` });
}

test('slices become the parts they were cut from, and the estimate comes first', async () => {
  await playing([
    slice({ estimate: 12n }),
    slice({ group: 1n, number: 7n, bytes: Uint8Array.of(1, 2) }),
    slice({ group: 1n, number: 7n, bytes: Uint8Array.of(3), complete: true }),
    slice({ manifest: true, bytes: Uint8Array.of(9), complete: true }),
  ]);
  const heard: (number | BackupPart)[] = [];
  for await (const part of client.create({ onEstimate: (bytes) => heard.push(bytes) })) heard.push(part);
  expect(heard).toEqual([
    12,
    { kind: 'piece', group: 1, number: 7, bytes: Uint8Array.of(1, 2, 3) },
    { kind: 'manifest', bytes: Uint8Array.of(9) },
  ]);
});

test('whoever leaves the loop ends the backup at the node', async () => {
  await playing([slice({ group: 1n, bytes: Uint8Array.of(1), complete: true })], false);
  for await (const part of client.create()) {
    expect(part.kind).toBe('piece');
    break;
  }
  await cancelled;
});

test('a node that is gone is named', async () => {
  await playing([]);
  server.forceShutdown();
  await expect(client.create().next()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
}, 20_000);
