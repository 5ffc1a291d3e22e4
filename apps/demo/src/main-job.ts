import { connect } from '@caisson/client';
import { prepareDev } from '@caisson/server';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import type { Corpus } from './corpus.js';
import { searchDisk, type SearchResult } from './disk-search.js';
import { NodeProcess, runCli, type Ran } from './node-process.js';

export interface MainJobOptions {
  readonly corpus: Corpus;
  /** An empty folder for everything this makes. */
  readonly folder: string;
  readonly encrypted: boolean;
  readonly tell: (line: string) => void;
}

export interface MainJobResult {
  readonly lines: number;
  readonly killedAfterRecords: number;
  /** Of the records acknowledged before the kill, those that are not in the store after the restart. */
  readonly acknowledgedMissing: number;
  readonly importSeconds: number;
  /** Lines that read back differently from what was written. */
  readonly readBackWrong: number;
  readonly exportEqual: boolean;
  readonly search: SearchResult;
}

const KILL_AT = 0.4;
const PORT_FREE = '127.0.0.1:0';

/**
 * The main job on real input: import, SIGKILL in the middle, restart, resume, read back, export, and search
 * every byte of the directory for what was written.
 */
export async function runMainJob({
  corpus,
  folder,
  encrypted,
  tell,
}: MainJobOptions): Promise<MainJobResult> {
  const { lines } = corpus;
  const source = join(folder, 'corpus.jsonl');
  await mkdir(folder, { recursive: true });
  await writeFile(
    source,
    lines.map((line, at) => `${JSON.stringify({ key: keyOf(at), value: line })}\n`).join(''),
  );
  const config = await writeConfig(folder, encrypted);
  const startedMs = performance.now();
  const { node, killedAfterRecords, acknowledgedMissing } = await importThroughKill({
    source,
    config,
    lines,
    tell,
  });
  const importSeconds = (performance.now() - startedMs) / 1000;
  tell(`imported ${lines.length} lines in ${importSeconds.toFixed(1)} s, a SIGKILL and a restart included`);
  const readBackWrong = await countWrong(node.address, lines);
  tell(`read back all of it: ${readBackWrong} wrong`);
  const exportEqual = await exportsEqual(node.address, { folder, source });
  tell(`exported and compared with the source: ${exportEqual ? 'equal, byte for byte' : 'DIFFERENT'}`);
  await node.end('SIGTERM');
  const search = await searchDisk(join(folder, 'data'), lines);
  tell(
    `searched ${search.bytesSearched} bytes in ${search.files} files: ${search.found} of ${search.needles} values`,
  );
  const lost = { killedAfterRecords, acknowledgedMissing };
  return { lines: lines.length, ...lost, importSeconds, readBackWrong, exportEqual, search };
}

interface ImportRun {
  readonly source: string;
  readonly config: string;
  readonly lines: readonly string[];
  readonly tell: (line: string) => void;
}

async function importThroughKill({ source, config, lines, tell }: ImportRun) {
  const args = ['run', '--config', config];
  const first = await NodeProcess.start([...args, '--set', `gateway-grpc.listen=${PORT_FREE}`]);
  const flags = ['--address', first.address, '--timeout', '60000', '--json'];
  const importing = runCli(['import', source, ...flags]);
  const killedAfterRecords = await checkpointBeyond(source, lines.length * KILL_AT, importing);
  await first.end('SIGKILL');
  tell(`killed the server with SIGKILL after ${killedAfterRecords} acknowledged records`);
  // The same port, so that the import that is still running finds it again.
  const node = await NodeProcess.start([...args, '--set', `gateway-grpc.listen=${first.address}`]);
  const acknowledgedMissing = await countWrong(node.address, lines.slice(0, killedAfterRecords));
  tell(`restarted it: ${acknowledgedMissing} acknowledged records missing`);
  const imported = await importing;
  if (imported.exitCode !== 0)
    throw new RangeError(`the import ended with ${imported.exitCode}: ${imported.stderr}`);
  return { node, killedAfterRecords, acknowledgedMissing };
}

/** Waits until the import's checkpoint says that so many records are acknowledged. */
async function checkpointBeyond(source: string, records: number, importing: Promise<Ran>): Promise<number> {
  let ended: Ran | undefined;
  void importing.then((ran) => (ended = ran));
  for (;;) {
    const text = await readFile(`${source}.caisson-import`, 'utf8').catch(() => '{}');
    const { records: acknowledged = 0 } = JSON.parse(text) as { records?: number };
    if (acknowledged >= records) return acknowledged;
    if (ended) throw new RangeError(`the import ended before it could be interrupted: ${ended.stderr}`);
    await sleep(20);
  }
}

async function writeConfig(folder: string, encrypted: boolean): Promise<string> {
  const config = join(folder, 'caisson.yaml');
  const setup = await prepareDev(folder, encrypted ? 'encrypted' : 'clear');
  const document = {
    ...setup.document,
    'platform-node': { log: { format: 'json' } },
    // Compression would hide clear values from a search for their bytes.
    'store-rocksdb': { compression: false },
    'admin-http': { listen: PORT_FREE },
  };
  await writeFile(config, stringify(document));
  return config;
}

async function countWrong(address: string, lines: readonly string[]): Promise<number> {
  const client = connect({ address });
  let right = 0;
  let at = 0;
  try {
    for await (const { key, value } of client.scan({
      from: keyOf(0),
      to: keyOf(lines.length),
      pageSize: 5000,
    })) {
      if (Buffer.from(key).toString() !== keyOf(at)) break;
      if (Buffer.from(value!).equals(Buffer.from(lines[at]!))) right++;
      at++;
    }
  } finally {
    client.close();
  }
  return lines.length - right;
}

async function exportsEqual(address: string, paths: { folder: string; source: string }): Promise<boolean> {
  const target = join(paths.folder, 'export.jsonl');
  const { exitCode } = await runCli(['export', target, '--address', address]);
  if (exitCode !== 0) return false;
  const [written, exported] = [await readFile(paths.source), await readFile(target)];
  return written.equals(exported);
}

/** Sorts as the lines do, and tells nothing of them. */
export function keyOf(at: number): string {
  return `line/${String(at).padStart(9, '0')}`;
}
