import { toUtf8 } from '@caisson/base';
import { ManualClock } from '@caisson/compliance';
import type { Logger, WriteRequest, WriteResponse } from '@caisson/contracts';
import { MemoryStores } from '@caisson/store-memory';
import { Kv, KvApplier, KvGroups, type KvOptions } from '../index.js';
import { LocalEngine } from './local-engine.js';

export const key = (text: string): Uint8Array => toUtf8(text);

export class Node {
  readonly clock: ManualClock;
  readonly engine: LocalEngine;
  readonly groups: KvGroups;
  readonly kv: Kv;
  readonly warnings: string[] = [];

  static async open(
    options: Partial<KvOptions> = {},
    stores = new MemoryStores(),
    clock = new ManualClock(),
  ) {
    const groups = new KvGroups({ clock });
    const engine = await LocalEngine.open(new KvApplier(groups), stores);
    return new Node({ clock, engine, groups, options });
  }

  private constructor(parts: {
    clock: ManualClock;
    engine: LocalEngine;
    groups: KvGroups;
    options: Partial<KvOptions>;
  }) {
    this.clock = parts.clock;
    this.engine = parts.engine;
    this.groups = parts.groups;
    const logger: Logger = { log: (_, message) => void this.warnings.push(message), child: () => logger };
    this.kv = new Kv({
      clock: this.clock,
      engine: this.engine,
      groups: this.groups,
      logger,
      ...parts.options,
    });
  }

  /** Lets time pass until `work` is done. */
  async during<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    void work.catch(() => undefined).finally(() => (isDone = true));
    const settle = async (): Promise<void> => {
      for (let turn = 0; turn < 8; turn++) await this.clock.turn();
    };
    for (await settle(); !isDone; await settle()) this.clock.advance(10);
    return work;
  }

  write(request: WriteRequest): Promise<WriteResponse> {
    return this.kv.write(request, {});
  }

  async put(name: string, value: string, ttlMs?: number): Promise<bigint> {
    const mutation = { op: 'put' as const, key: key(name), value: toUtf8(value) };
    const result = await this.write({ mutations: [ttlMs === undefined ? mutation : { ...mutation, ttlMs }] });
    return result.kind === 'committed' ? result.commitTs : 0n;
  }

  async get(name: string, ts?: bigint): Promise<string | undefined> {
    const request = ts === undefined ? { key: key(name) } : { key: key(name), ts };
    const { found } = await this.kv.get(request, {});
    return found && new TextDecoder().decode(found.value);
  }
}
