import {
  type AnyService,
  Applier,
  AuditService,
  Cipher,
  Clock,
  Compressor,
  DataDirectory,
  Disk,
  EncryptionLayer,
  EncryptionService,
  Hashes,
  KekConfiguration,
  KekProvider,
  KeyLifecycleService,
  Logger,
  Meter,
  optional,
  RaftTransport,
  Random,
  ReplicationEngine,
  service,
  slot,
  StoredStates,
  UntrustedStores,
} from '@caisson/contracts';
import { EncryptionApplier } from './apply/encryption-applier.js';
import { KeyDriver } from './driver/key-driver.js';
import { KeyLifecycle } from './lifecycle/key-lifecycle.js';
import { KekCanary } from './keys/kek-canary.js';
import { measureKeks } from './lifecycle/measured-kek.js';
import { RecordedRotations } from './lifecycle/recorded-rotations.js';
import { StandingRotations } from './lifecycle/standing-rotations.js';
import type { EncryptionConfig } from './node/encryption-config.js';
import { NodeEncryption } from './node/node-encryption.js';
import { RetiredKeys } from './rewrite/retired-keys.js';
import { Rewrite } from './rewrite/rewrite.js';
import { NodeStates } from './snapshot/node-states.js';
import { UsageReports } from './usage/usage-reports.js';

/**
 * For the services of this library alone; the rest of a node sees `EncryptionLayer` and
 * `EncryptionService`.
 */
const Node = slot<NodeEncryption>('@caisson/encryption/NodeEncryption');
const Driver = slot<KeyDriver>('@caisson/encryption/KeyDriver');
const Rewriting = slot<Rewrite>('@caisson/encryption/Rewrite');
const CANARY_MS_DEFAULT = 60_000;
const Watching = slot<KekCanary>('@caisson/encryption/KekCanary');
const Reporting = slot<UsageReports>('@caisson/encryption/UsageReports');
const Rotating = slot<StandingRotations>('@caisson/encryption/StandingRotations');
const Erasing = slot<RetiredKeys>('@caisson/encryption/RetiredKeys');

/**
 * The encryption of a node as services. They live here and not in a plugin because they are the one
 * consumer of untrusted stores.
 */
export function encryptionServices(config: EncryptionConfig): readonly AnyService[] {
  return [...nodeServices(config), ...orderServices(config), ...standingServices(config)];
}

/** The keys of the node, its doors, and what brings it to where it may serve. */
function nodeServices(config: EncryptionConfig): readonly AnyService[] {
  return [
    service({
      provides: Node,
      needs: {
        stores: UntrustedStores,
        directory: DataDirectory,
        disk: Disk,
        ciphers: Cipher,
        compressor: optional(Compressor),
        keks: KekProvider,
        hashes: Hashes,
        random: Random,
        clock: Clock,
        logger: Logger,
        meter: optional(Meter),
      },
      create: ({ keks, ...needs }, faults) => {
        const measured = measureKeks(keks, needs.clock, needs.meter);
        return new NodeEncryption({ ...needs, keks: measured, config, faults });
      },
      start: (node, signal) => node.open(signal),
      drain: (node) => node.keys.leave(),
      stop: (node) => node.close(),
    }),
    service({ provides: EncryptionLayer, needs: { node: Node }, create: ({ node }) => node }),
    service({ provides: StoredStates, needs: { node: Node }, create: ({ node }) => new NodeStates(node) }),
    service({ provides: EncryptionService, needs: { node: Node }, create: ({ node }) => node }),
    service({ provides: Applier, needs: { node: Node }, create: ({ node }) => new EncryptionApplier(node) }),
    service({
      provides: Driver,
      needs: { node: Node, engine: ReplicationEngine, clock: Clock, random: Random, logger: Logger },
      create: (needs, faults) => new KeyDriver({ ...needs, faults }),
      start: (driver, signal) => driver.start(signal),
      drain: (driver) => driver.stop(),
      stop: (driver) => driver.stop(),
    }),
  ];
}

/** What operators order. */
function orderServices(config: EncryptionConfig): readonly AnyService[] {
  return [
    service({
      provides: Rewriting,
      needs: { node: Node, engine: ReplicationEngine, clock: Clock, logger: Logger },
      create: (needs) => new Rewrite(needs),
      start: (rewrite) => (config.enabled ? rewrite.resume() : undefined),
      drain: (rewrite) => rewrite.stop(),
      stop: (rewrite) => rewrite.stop(),
    }),
    service({
      provides: Erasing,
      needs: { node: Node, engine: ReplicationEngine, rewrite: Rewriting, clock: Clock, logger: Logger },
      create: (needs) => new RetiredKeys(needs),
      start: (keys) => (config.enabled ? keys.start() : undefined),
      drain: (keys) => keys.stop(),
      stop: (keys) => keys.stop(),
    }),
    service({
      provides: KeyLifecycleService,
      needs: {
        node: Node,
        engine: ReplicationEngine,
        transport: optional(RaftTransport),
        rewrite: Rewriting,
        clock: Clock,
        meter: optional(Meter),
        configuration: optional(KekConfiguration),
      },
      create: (needs) => new KeyLifecycle(needs),
      start: (lifecycle) => lifecycle.start(),
      stop: (lifecycle) => lifecycle.stop(),
    }),
  ];
}

/** What is watched and done without an order. */
function standingServices(config: EncryptionConfig): readonly AnyService[] {
  return [
    service({
      provides: Watching,
      needs: { node: Node, engine: ReplicationEngine, clock: Clock, logger: Logger },
      create: (needs, faults) =>
        new KekCanary({ ...needs, faults, intervalMs: config.kekCanaryMs ?? CANARY_MS_DEFAULT }),
      start: (canary) => canary.start(),
      drain: (canary) => canary.stop(),
      stop: (canary) => canary.stop(),
    }),
    service({
      provides: Reporting,
      needs: { node: Node, engine: ReplicationEngine, clock: Clock, random: Random, logger: Logger },
      create: (needs, faults) => new UsageReports({ ...needs, faults }),
      start: (reports) => reports.start(),
      drain: (reports) => reports.stop(),
      stop: (reports) => reports.stop(),
    }),
    service({
      provides: Rotating,
      needs: {
        node: Node,
        engine: ReplicationEngine,
        lifecycle: KeyLifecycleService,
        clock: Clock,
        random: Random,
        logger: Logger,
        audit: optional(AuditService),
      },
      create: ({ audit, ...needs }, faults) => {
        const { directory } = needs.node.parts;
        const lifecycle = audit ? new RecordedRotations(needs.lifecycle, audit, directory) : needs.lifecycle;
        return new StandingRotations({ ...needs, lifecycle, faults });
      },
      start: (rotations) => rotations.start(),
      drain: (rotations) => rotations.stop(),
      stop: (rotations) => rotations.stop(),
    }),
  ];
}
