import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { proto, protoDescriptors } from './index.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const generated = join(root, 'src/gen');
const buf = join(dirname(createRequire(import.meta.url).resolve('ts-proto/package.json')), '../.bin/buf');

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

function regenerates(): void {
  const fresh = mkdtempSync(join(tmpdir(), 'caisson-proto-'));
  try {
    const output = join(fresh, 'gen');
    execFileSync(process.execPath, [join(root, 'proto/generate.mjs'), output], { stdio: 'pipe' });
    expect(filesBelow(output)).toEqual(filesBelow(generated));
    for (const file of filesBelow(output)) {
      const same = readFileSync(join(output, file), 'utf8') === readFileSync(join(generated, file), 'utf8');
      expect([file, same]).toEqual([file, true]);
    }
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

// The generator is a development tool whose binary not every platform has.
if (existsSync(buf)) test('the committed code is what the .proto files generate', regenerates);
else test.skip('the committed code is what the .proto files generate [skipped: no buf binary]', regenerates);

test('timestamps beyond 2^53 survive a message, and optional fields stay absent', () => {
  const request: proto.GetRequest = {
    key: Uint8Array.of(0, 255),
    ts: 0xffff_ffff_ffff_ffffn,
    consistency: proto.Consistency.CONSISTENCY_STALE,
  };
  expect(proto.GetRequest.decode(proto.GetRequest.encode(request).finish())).toEqual(request);
  const bare = proto.GetRequest.decode(new Uint8Array(0));
  expect(bare.ts).toBeUndefined();
});

test('the descriptor set names the service and every message of it', () => {
  const text = new TextDecoder('latin1').decode(protoDescriptors());
  for (const name of ['caisson.v1', 'Kv', 'GetRequest', 'ErrorDetail', 'Frame']) expect(text).toContain(name);
});
