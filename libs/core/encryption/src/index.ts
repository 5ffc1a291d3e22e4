export { type BackedUpKeys, BackupKeys, type BackupKeysParts } from './backup/backup-keys.js';
export { SecondCluster, type SecondClusterParts } from './backup/second-cluster.js';
export { openStoppedGroup, type StoppedGroup } from './backup/stopped-group.js';
export { type Census, type SealedValues, takeCensus, valuesUnder } from './census/census.js';
export { Packing, type PackingParts } from './compression/packing.js';
export { CipherRegistry } from './envelope/cipher-registry.js';
export {
  type EnvelopeSuite,
  EnvelopeSuites,
  type KeyFinder,
  type PayloadPlace,
  type SealedPlace,
  type SealingKey,
  type ValuePlace,
} from './envelope/envelope-suite.js';
export { envelopeV1 } from './envelope/envelope-v1.js';
export { envelopeV2 } from './envelope/envelope-v2.js';
export { NonceFactory, type NonceOrigin } from './envelope/nonce-factory.js';
export { SaltSource, type SaltSourceParts } from './envelope/salt-source.js';
export { checkValue } from './keys/check-value.js';
export { KekRing } from './keys/kek-ring.js';
export { type HeldKey, Keystore, type UnwrappedKey } from './keys/keystore.js';
export { KEK_BYTES, LocalKek, type LocalKekParts } from './keys/local-kek.js';
export { patiently, type Waiting } from './keys/patience.js';
export type { RetirementSub } from './apply/retirement.js';
export { EncryptionApplier } from './apply/encryption-applier.js';
export { KeyDriver, type KeyDriverParts } from './driver/key-driver.js';
export {
  bootstrapPayload,
  enablingPayload,
  registrationPayload,
  retirementPayload,
  rewrapPayload,
  rotationPayload,
  sealedModePayload,
} from './driver/key-entries.js';
export { KeyLifecycle, type KeyLifecycleParts } from './lifecycle/key-lifecycle.js';
export {
  type MemberAnswer,
  type MemberPoll,
  type MemberQuestion,
  TransportPoll,
  type TransportPollParts,
} from './lifecycle/member-poll.js';
export type { EncryptionConfig, NodeEncryptionParts } from './node/encryption-config.js';
export { GroupSession } from './node/group-session.js';
export { NodeEncryption } from './node/node-encryption.js';
export { RetiredKeys, type RetiredKeysParts } from './rewrite/retired-keys.js';
export { decodeRewriteCursor, encodeRewriteCursor, type RewriteCursor } from './rewrite/rewrite-cursor.js';
export { Rewrite, type RewriteOptions, type RewriteParts } from './rewrite/rewrite.js';
export type { RewriteState, RewriteStatus } from './rewrite/rewrite-status.js';
export { StandingRotations, type StandingRotationsParts } from './lifecycle/standing-rotations.js';
export { NodeStates } from './snapshot/node-states.js';
export { encryptionServices } from './services.js';
export {
  type ClosedGroup,
  type RebuiltKey,
  SidecarRebuild,
  type SidecarRebuildParts,
  type SidecarRebuilt,
} from './sidecar/sidecar-rebuild.js';
export { EPOCH_MAX } from './node/epoch-range.js';
export { USAGE_LIMITS, type UsageLimits } from './usage/usage-limits.js';
export { UsageReports, type UsageReportsParts } from './usage/usage-reports.js';
export {
  type InspectedEntry,
  type InspectedValue,
  OfflineReader,
  type OfflineReaderParts,
} from './inspection/offline-reader.js';
