import { EMPTY_BYTES } from '@caisson/base';
import {
  type Applier,
  type CaissonError,
  type Clock,
  type DataDirectory,
  type EncryptionLayer,
  type Faults,
  type GroupEncryption,
  type Logger,
  type Meter,
  type ProposalSource,
} from '@caisson/contracts';
import { decodeProposal, encodeClearProposal } from '@caisson/formats';
import { EngineSingleConfig } from '../config.js';
import { SingleEngine } from '../single-engine.js';
import { ToyApplier } from './toy.js';
import { World } from './world.js';

const CLUSTER_ID = Uint8Array.from({ length: 16 }, (_, at) => at + 1);

const logger: Logger = { log: () => undefined, child: () => logger };

const clock: Clock = {
  nowMs: () => 0,
  monotonicMs: () => 0,
  sleep: () => Promise.resolve(),
  after: () => () => undefined,
  turn: () => new Promise((resolve) => setImmediate(resolve)),
};

export interface BenchOptions {
  readonly worlds?: ReadonlyMap<number, World>;
  readonly appliers?: readonly Applier[];
  readonly config?: unknown;
  readonly meter?: Meter;
  admission?(source: ProposalSource): CaissonError | undefined;
  seal?(index: number): void;
  openGroup?(id: number): void;
  beginSealing?(log?: { readonly last: number }): Promise<void>;
}

/** One engine over worlds that outlive it. */
export class Bench {
  readonly worlds: ReadonlyMap<number, World>;
  readonly toy = new ToyApplier();
  readonly fatal: CaissonError[] = [];
  readonly steps: string[] = [];
  readonly engine: SingleEngine;
  readonly #options: BenchOptions;
  #ids = 0;

  constructor(options: BenchOptions = {}) {
    this.#options = options;
    this.worlds = options.worlds ?? new Map([[1, new World()]]);
    const faults: Faults = {
      degraded: () => undefined,
      recovered: () => undefined,
      fatal: (error) => void this.fatal.push(error),
    };
    this.engine = new SingleEngine(
      EngineSingleConfig.parse(options.config ?? {}),
      {
        logs: { open: async (directory) => this.#worldOf(directory).log() },
        encryption: this.#encryption(),
        appliers: options.appliers ?? [this.toy],
        directory: this.#directory(),
        clock,
        random: {
          bytes: (length) =>
            Uint8Array.from({ length }, () => (this.#ids = (this.#ids * 75 + 74) % 65537) & 0xff),
          integer: () => 0,
        },
        logger,
        meter: options.meter,
      },
      faults,
    );
  }

  get world(): World {
    return this.worlds.get(1)!;
  }

  async started(): Promise<this> {
    await this.engine.start();
    return this;
  }

  propose(...payload: number[]): ReturnType<ReturnType<SingleEngine['group']>['propose']> {
    return this.engine.group(1).propose(Uint8Array.from(payload), { source: 'user' });
  }

  #worldOf(directory: string): World {
    return this.worlds.get(Number(directory))!;
  }

  #directory(): DataDirectory {
    return {
      path: '/',
      identity: { name: 'n1', clusterId: CLUSTER_ID, format: 1, birth: 'clear' },
      encryptionPath: '/e',
      group: (id) => ({ log: String(id), store: String(id), snapshots: String(id) }),
    };
  }

  #encryption(): EncryptionLayer {
    return {
      enabled: false,
      needsRegisteredEpoch: false,
      answer: async () => EMPTY_BYTES,
      openGroup: async (id) => {
        this.#options.openGroup?.(id);
        this.steps.push(`open ${id}`);
        return this.#group(this.worlds.get(id)!);
      },
    };
  }

  #group(world: World): GroupEncryption {
    return {
      store: world.store(),
      beginSealing: async (log) => {
        await this.#options.beginSealing?.(log);
        this.steps.push('begin sealing');
      },
      sealProposal: ({ index, proposalId }, payload) => {
        this.#options.seal?.(index);
        return encodeClearProposal(proposalId, payload);
      },
      openProposal: (_at, data) => {
        const { proposalId, body } = decodeProposal(data);
        return { kind: 'payload', proposalId, payload: body };
      },
      admission: (source) => this.#options.admission?.(source),
      challenge: async () => EMPTY_BYTES,
      admit: async () => [],
      unregisteredKeys: async () => [],
      registeredEpoch: async () => undefined,
      close: async () => void world.closed.push('store'),
    };
  }
}
