import type { BackupPart, BackupService } from '@caisson/contracts';
import type { backupProto } from '@caisson/formats';
import type { OpenCalls } from '../open-calls.js';
import { backupHandlers } from './backup-handlers.js';

type Handle = (request: object, signal: AbortSignal) => AsyncIterable<backupProto.BackupMessage>;

/** What the handler streams, without a connection, and for whom. */
function streamed(backup: BackupService): { role: string; handle: Handle } {
  const calls = { stream: (role: string, handle: Handle) => ({ role, handle }) };
  return backupHandlers(backup, calls as unknown as OpenCalls).create as unknown as {
    role: string;
    handle: Handle;
  };
}

const parts: readonly BackupPart[] = [
  { kind: 'piece', group: 1, number: 0, bytes: new Uint8Array(2 * 1024 * 1024 + 3).fill(7) },
  { kind: 'manifest', bytes: Uint8Array.of(1, 2) },
];

const service: BackupService = {
  estimate: () => Promise.resolve(99),
  create: async function* () {
    yield* parts;
  },
};

test('large parts are cut, each ends with its last slice, and the estimate goes ahead', async () => {
  const { role, handle } = streamed(service);
  expect(role).toBe('operator');
  const shapes: unknown[] = [];
  let bytes = 0;
  for await (const message of handle({}, new AbortController().signal)) {
    bytes += message.bytes.length;
    shapes.push([message.estimate, message.manifest, message.bytes.length, message.complete]);
  }
  expect(shapes).toEqual([
    [99n, false, 0, false],
    [0n, false, 1024 * 1024, false],
    [0n, false, 1024 * 1024, false],
    [0n, false, 3, true],
    [0n, true, 2, true],
  ]);
  expect(bytes).toBe(2 * 1024 * 1024 + 5);
});
