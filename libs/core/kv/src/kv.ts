import {
  type BeginResponse,
  type CallContext,
  type Clock,
  type GetRequest,
  type GetResponse,
  type KvService,
  type Logger,
  type Meter,
  type ReplicationEngine,
  type ScanRequest,
  type ScanResponse,
  type WriteRequest,
  type WriteResponse,
} from '@caisson/contracts';
import { abortable } from './abort.js';
import { CEILING, type CeilingConfig, CeilingKeeper } from './ceiling/ceiling-keeper.js';
import type { KvGroups } from './groups/kv-groups.js';
import { checkGet, checkScan, checkWrite, KV_LIMITS, type KvLimits } from './limits.js';
import { ActiveReads } from './reads/active-reads.js';
import { Reader } from './reads/reader.js';
import { Tip } from './reads/tip.js';
import { Retention, RETENTION, type RetentionConfig } from './retention/retention.js';
import { CommandQueue, GATHER_LIMITS, type GatherLimits } from './writes/command-queue.js';

export interface KvOptions {
  readonly engine: ReplicationEngine;
  readonly groups: KvGroups;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly meter?: Meter | undefined;
  readonly limits?: KvLimits;
  readonly gather?: GatherLimits;
  readonly retention?: RetentionConfig;
  readonly ceiling?: CeilingConfig;
}

interface GroupParts {
  readonly ceiling: CeilingKeeper;
  readonly queue: CommandQueue;
  readonly reader: Reader;
  readonly retention: Retention;
}

/**
 * The key-value operations over the node's first group; keys are routed to groups once there are several.
 *
 * Usable between `start` and `stop`, while the engine runs.
 */
export class Kv implements KvService {
  readonly #options: KvOptions;
  readonly #limits: KvLimits;
  #home: GroupParts | undefined;

  constructor(options: KvOptions) {
    this.#options = options;
    this.#limits = options.limits ?? KV_LIMITS;
  }

  start(): void {
    this.#parts().retention.start();
  }

  async stop(): Promise<void> {
    this.#home?.ceiling.stop();
    await this.#home?.retention.stop();
  }

  get(request: GetRequest, { signal }: CallContext): Promise<GetResponse> {
    return abortable(signal, async () => {
      checkGet(request);
      return this.#parts().reader.get(request, signal);
    });
  }

  scan(request: ScanRequest, { signal }: CallContext): Promise<ScanResponse> {
    return abortable(signal, async () => {
      checkScan(request);
      return this.#parts().reader.scan(request, signal);
    });
  }

  async write(request: WriteRequest, { signal }: CallContext): Promise<WriteResponse> {
    const bytes = checkWrite(request, this.#limits);
    return this.#parts().queue.submit({ kind: 'write', request }, bytes, signal);
  }

  begin({ signal }: CallContext): Promise<BeginResponse> {
    return abortable(signal, async () => ({ startTs: await this.#parts().reader.begin(signal) }));
  }

  /** Raises the retention floor and compacts now, instead of at the next interval. */
  compact(): Promise<void> {
    return this.#parts().retention.round();
  }

  /** Made on first use: a plan is created before the engine knows its groups. */
  #parts(): GroupParts {
    this.#home ??= this.#open(this.#options.engine.groups[0]!);
    return this.#home;
  }

  #open(id: number): GroupParts {
    const { engine, groups, clock, logger, meter } = this.#options;
    const { gather = GATHER_LIMITS, retention = RETENTION, ceiling: limits = CEILING } = this.#options;
    const group = engine.group(id);
    const shared = groups.get(id);
    const { hlc } = shared;
    const active = new ActiveReads();
    const ceiling = new CeilingKeeper({ group, shared, clock, config: limits });
    const queue = new CommandQueue({
      group,
      hlc,
      ceiling,
      clock,
      limits: gather,
      commands: meter?.counter({ name: 'kv_commands_total', help: 'Commands proposed.' }),
      payloads: meter?.counter({ name: 'kv_payloads_total', help: 'Payloads that carried them.' }),
    });
    const reader = new Reader({ group, hlc, active, tip: new Tip({ group, queue, hlc }) });
    const removed = meter?.counter({
      name: 'kv_compacted_rows_total',
      help: 'Rows removed below the floor.',
    });
    const parts = { group, hlc, queue, active, clock, logger: logger.child({ group: id }), removed };
    return { ceiling, queue, reader, retention: new Retention(parts, retention) };
  }
}
