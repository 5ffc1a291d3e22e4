export { Link } from './network/link.js';
export { type NodeIdentity, Port } from './network/port.js';
export { type NetworkOptions, SimulatedNetwork } from './network/simulated-network.js';
export { CALM, ROUGH, type Weather } from './network/weather.js';
export { SimulatedTransport } from './transport/simulated-transport.js';
export { simulatedTransportHarness } from './transport/transport-harness.js';
export { SimulatedWire } from './wire/simulated-wire.js';
export { type Connection, Wire } from './wire/wire.js';
export { type WiredNeeds, type WiredParts, wiredTransportHarness } from './wire/wired-harness.js';
export { judgeHistory, type Linearizability } from './history/linearizable.js';
export { type Action, describeOperation, type Operation } from './history/operation.js';
export { Life, type Moment } from './process/life.js';
export { mortal, whileAlive } from './process/mortal.js';
export { ProcessClock } from './process/process-clock.js';
export { NodeTime } from './clock/node-time.js';
export { KeyService, type KeyServiceOptions, type KeyTrouble } from './kek/key-service.js';
export { SimulatedKek } from './kek/simulated-kek.js';
export { TroubledKek } from './kek/troubled-kek.js';
export {
  crashImages,
  type CrashProfile,
  type Enumeration,
  SECTOR_BYTES,
  type Unsettled,
} from './disk/crash-images.js';
export {
  type DiskImage,
  type DiskPart,
  EMPTY_IMAGE,
  fingerprintOf,
  isPart,
  withPart,
} from './disk/disk-image.js';
export { type DiskOperation, type DiskTrouble } from './disk/disk-trouble.js';
export { diskLogHarness, diskStoreHarness, simulatedDiskHarness } from './disk/disk-harness.js';
export { type DiskListener, SimulatedDisk, type SimulatedDiskOptions } from './disk/simulated-disk.js';
export { DiskLogs } from './log/disk-logs.js';
export type { RecordDisk } from './records/record-file.js';
export { DiskStores } from './store/disk-stores.js';
export { type Anomaly, type AnomalyKind } from './history/anomaly.js';
export { judgeTransactions } from './history/serializable.js';
export { describeTransaction, type ListAction, type Transaction } from './history/transaction.js';
