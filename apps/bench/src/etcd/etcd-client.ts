import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import type { KvTarget } from '../load/kv-target.js';
import { decodeFields, encodeFields, type WireValue } from './wire.js';

type Fields = ReadonlyMap<number, WireValue>;

/** The calls used here and the numbers of the fields they need; see the API reference of etcd 3. */
const PUT = { path: '/etcdserverpb.KV/Put', key: 1, value: 2 } as const;
const RANGE = { path: '/etcdserverpb.KV/Range', key: 1, pairs: 2 } as const;
const PAIR = { value: 5 } as const;
const STATUS = { path: '/etcdserverpb.Maintenance/Status', header: 1, leader: 4, applied: 7 } as const;
const HEADER = { member: 2 } as const;
const MOVE_LEADER = { path: '/etcdserverpb.Maintenance/MoveLeader', target: 1 } as const;

export interface EtcdStatus {
  readonly member: bigint;
  /** 0n while there is none. */
  readonly leader: bigint;
  /** Index of the last entry it applied. */
  readonly applied: bigint;
}

/**
 * Puts, gets and a little administration of one etcd member, each call a gRPC call of its own: that is all
 * the pipelining this API has. Reads are linearizable.
 */
export class EtcdClient implements KvTarget {
  readonly #client: Client;

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure(), {
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 2_000,
      'grpc.use_local_subchannel_pool': 1,
    });
  }

  async put(key: Uint8Array, value: Uint8Array, deadlineMs?: number): Promise<void> {
    const fields = [[PUT.key, key] as const, [PUT.value, value] as const];
    await this.#call(PUT.path, fields, deadlineMs);
  }

  async get(key: Uint8Array, deadlineMs?: number): Promise<Uint8Array | undefined> {
    const pair = (await this.#call(RANGE.path, [[RANGE.key, key]], deadlineMs)).get(RANGE.pairs);
    if (!(pair instanceof Uint8Array)) return undefined;
    return bytesOf(decodeFields(pair), PAIR.value);
  }

  async status(): Promise<EtcdStatus> {
    const fields = await this.#call(STATUS.path, [], 1_000);
    const header = decodeFields(bytesOf(fields, STATUS.header));
    const [leader, applied] = [integerOf(fields, STATUS.leader), integerOf(fields, STATUS.applied)];
    return { member: integerOf(header, HEADER.member), leader, applied };
  }

  /** Only of use on the leader. */
  async moveLeader(target: bigint): Promise<void> {
    await this.#call(MOVE_LEADER.path, [[MOVE_LEADER.target, target]]);
  }

  close(): void {
    this.#client.close();
  }

  #call(path: string, fields: Parameters<typeof encodeFields>[0], deadlineMs = 60_000): Promise<Fields> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        encodeFields,
        decodeFields,
        fields,
        { deadline: Date.now() + deadlineMs },
        (error: ServiceError | null, response?: Fields) => (error ? reject(error) : resolve(response!)),
      );
    });
  }
}

function bytesOf(fields: Fields, field: number): Uint8Array {
  const value = fields.get(field);
  return value instanceof Uint8Array ? value : new Uint8Array(0);
}

function integerOf(fields: Fields, field: number): bigint {
  const value = fields.get(field);
  return typeof value === 'bigint' ? value : 0n;
}
