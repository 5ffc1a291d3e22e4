import {
  ClearEncryption,
  CounterApplier,
  type EngineHarness,
  ManualClock,
  MemoryLogs,
  PlainStores,
  SeededRandom,
} from '@caisson/compliance';
import type { CaissonError, DataDirectory, Logger } from '@caisson/contracts';
import { EngineSingleConfig } from '../config.js';
import { SingleEngine } from '../single-engine.js';

const logger: Logger = { log: () => undefined, child: () => logger };

const directory: DataDirectory = {
  path: '/',
  identity: { name: 'n1', clusterId: new Uint8Array(16).fill(1), format: 1, birth: 'clear' },
  encryptionPath: '/encryption',
  group: (id) => ({
    log: `/groups/${id}/log`,
    store: `/groups/${id}/store`,
    snapshots: `/groups/${id}/snapshots`,
  }),
};

/** The engine over memory that can lose power. */
export async function engineHarness(): Promise<EngineHarness> {
  const logs = new MemoryLogs();
  const stores = new PlainStores();
  const encryption = new ClearEncryption(stores);
  const counters = new CounterApplier();
  const faults: CaissonError[] = [];
  const random = new SeededRandom();
  const start = async (): Promise<SingleEngine> => {
    const fresh = new SingleEngine(
      EngineSingleConfig.parse({ compaction: { entries: 4, keepEntries: 1 } }),
      {
        logs,
        encryption,
        appliers: [counters],
        directory,
        clock: new ManualClock(),
        random,
        logger,
        meter: undefined,
      },
      { degraded: () => undefined, recovered: () => undefined, fatal: (error) => void faults.push(error) },
    );
    await fresh.start();
    return fresh;
  };
  let engine = await start();
  return {
    get engine() {
      return engine;
    },
    group: 1,
    counters,
    faults,
    restart: async () => {
      await engine.stop();
      engine = await start();
    },
    crash: async () => {
      logs.crash();
      stores.crash();
      engine = await start();
    },
    admit: (source, refusal) => encryption.admit(source, refusal),
    dispose: () => engine.stop(),
  };
}
