import { fromUtf8, toUtf8 } from '@caisson/base';
import { type KeyProgress, KeyLifecycleService, KvService } from '@caisson/contracts';
import type { Host } from '@caisson/kernel';
import { createServer, initialiseNode } from '@caisson/server';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Series } from './series.js';
import type { Steps, Told } from './told.js';

const STEPS = 60;
const KEYS = 12;
const VALUE_BYTES = 400;
/** Begins every value: none may stand on the disk. */
const MARK = 'faultlab-syscall-value-';
const NOBODY = {};

/** Orders about keys, by the step that they are. */
const ORDERS: Readonly<Record<number, 'storage' | 'raft'>> = { 15: 'storage', 30: 'raft', 45: 'storage' };

/** A whole node, alone: log, store, sidecar and all that ties them together. */
export const nodeSeries: Series = {
  async prepare(folder: string): Promise<void> {
    await initialiseNode({ dataDir: dataOf(folder), name: 'n1', birth: 'encrypted', kekPath: kekOf(folder) });
    const host = await started(folder);
    await host.stop();
  },
  async run(folder: string, steps: Steps): Promise<void> {
    const host = await started(folder);
    for (let at = 0; at < STEPS; at++) await take(host, at, steps);
  },
  recover: async (folder) => (await started(folder)).stop(),
  async judge(folder: string, told: Told): Promise<string | undefined> {
    const host = await started(folder);
    const found = new Map<string, string>();
    for (let at = 0; at < KEYS; at++) {
      const value = await read(host, keyOf(at));
      if (value !== undefined) found.set(keyOf(at), value);
    }
    const broken = brokenNode(found, told);
    await write(host, 'last', 'on');
    const isOn = (await read(host, 'last')) === 'on';
    await host.stop();
    if (broken !== undefined) return broken;
    return isOn ? inClear(folder) : 'what is written is not read';
  },
};

/** Each key holds what was acknowledged of it last, or what came after that and nobody heard of again. */
export function brokenNode(found: ReadonlyMap<string, string>, told: Told): string | undefined {
  const acknowledged = new Set(told.acknowledged);
  for (let at = 0; at < KEYS; at++) {
    const key = keyOf(at);
    const writes = told.begun.filter((step) => keyOf(step) === key);
    const last = writes.findLastIndex((step) => acknowledged.has(step));
    const allowed: (string | undefined)[] = writes.slice(Math.max(last, 0)).map((step) => valueOf(step));
    if (last < 0) allowed.push(undefined);
    const is = found.get(key);
    if (allowed.includes(is)) continue;
    const what = is === undefined ? 'absent' : `as of step ${stepOf(is)}`;
    return `${key} is ${what}, and ${last < 0 ? 'nothing' : `step ${writes[last]}`} was acknowledged of it`;
  }
  return undefined;
}

export function keyOf(step: number): string {
  return `key ${step % KEYS}`;
}

export function valueOf(step: number): string {
  return `${MARK}${step} `.padEnd(VALUE_BYTES, 'abcdefg');
}

function stepOf(value: string): string {
  return value.slice(MARK.length).split(' ', 1)[0]!;
}

/** An order that is refused has changed nothing, and what is written after it may well be acknowledged. */
function take(host: Host, at: number, steps: Steps): Promise<void> {
  const purpose = ORDERS[at];
  if (purpose === undefined) return steps.take(at, () => write(host, keyOf(at), valueOf(at)));
  return steps.aside(at, () => drained(host.get(KeyLifecycleService).rotate({ purpose }, NOBODY)));
}

async function drained(order: AsyncIterable<KeyProgress>): Promise<void> {
  for await (const { step } of order) if (step === 'done') continue;
}

async function write(host: Host, key: string, value: string): Promise<void> {
  const mutations = [{ op: 'put' as const, key: toUtf8(key), value: toUtf8(value) }];
  await host.get(KvService).write({ mutations }, NOBODY);
}

async function read(host: Host, key: string): Promise<string | undefined> {
  const { found } = await host.get(KvService).get({ key: toUtf8(key) }, NOBODY);
  return found && fromUtf8(found.value);
}

/** The composition of the server, without its doors. */
async function started(folder: string): Promise<Host> {
  const document = {
    'platform-node': { log: { level: 'error' } },
    'data-directory': { path: dataOf(folder) },
    'kek-file': { path: kekOf(folder) },
    'gateway-grpc': false,
    'admin-http': false,
    'engine-raft': { compaction: { entries: 20, keepEntries: 5 } },
  };
  const host = await createServer({ document, directory: folder });
  await host.start();
  return host;
}

async function inClear(folder: string): Promise<string | undefined> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = await readFile(join(entry.parentPath, entry.name));
    if (bytes.includes(MARK)) return `a value stands in ${entry.name}`;
  }
  return undefined;
}

function dataOf(folder: string): string {
  return join(folder, 'data');
}

function kekOf(folder: string): string {
  return join(folder, 'kek.key');
}
