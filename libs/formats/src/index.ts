export {
  AUDIT_CALL_BYTES,
  AUDIT_HASH_BYTES,
  AUDIT_HEAD_KEY,
  AUDIT_START,
  AUDIT_TEXT_MAX,
  auditHashInput,
  type AuditHead,
  type AuditLine,
  type AuditLineKind,
  auditLineKey,
  auditLineRange,
  type AuditRow,
  decodeAuditEntry,
  decodeAuditHead,
  decodeAuditLine,
  decodeAuditLineKey,
  decodeAuditRow,
  encodeAuditEntry,
  encodeAuditHead,
  encodeAuditLine,
  encodeAuditRow,
} from './audit.js';
export {
  BACKUP_MANIFEST_BYTES_MAX,
  BACKUP_PIECE_BYTES,
  type BackupGroup,
  type BackupManifest,
  backupManifestMacInput,
  decodeBackupManifest,
  encodeBackupManifest,
} from './backup-manifest.js';
export { fromBase64, toBase64 } from './base64.js';
/** Messages and services of `caisson.v1`, as generated. */
export * as proto from './gen/caisson/v1/kv.js';
export * as auditProto from './gen/caisson/v1/audit.js';
export * as backupProto from './gen/caisson/v1/backup.js';
export * as clusterProto from './gen/caisson/v1/cluster.js';
export * as encryptionProto from './gen/caisson/v1/encryption.js';
export * as peerProto from './gen/caisson/v1/peer.js';
export {
  type CommandOutcome,
  type CommandResult,
  decodeCommandResult,
  decodeCommandResults,
  decodeRequestResult,
  encodeCommandResult,
  encodeCommandResults,
  encodeRequestResult,
  type RefusedCommand,
  type RequestResult,
} from './command-result.js';
export {
  type Command,
  type CommandMutation,
  decodeCommand,
  encodeCommand,
  type FloorCommand,
  type WriteCommand,
} from './command.js';
export {
  CAPABILITY_BYTES_MAX,
  CAPABILITY_PROOF_BYTES,
  type CapabilityAnswer,
  type CapabilityChallenge,
  type CapabilityContext,
  capabilityProofInput,
  CHALLENGE_NONCE_BYTES,
  decodeCapability,
  decodeChallenge,
  decodeEpochFloors,
  encodeCapability,
  encodeChallenge,
  encodeEpochFloors,
  epochFloorsInput,
  type KeyEpoch,
} from './capability.js';
export {
  type ConfChangeContext,
  decodeConfChangeContext,
  encodeConfChangeContext,
} from './conf-change-context.js';
export {
  type BareWrappedKey,
  BOOTSTRAP_WRITERS_MAX,
  type BootstrapEntry,
  type BootstrapWire1,
  type BootstrapWire2,
  decodeBootstrap,
  decodeRegisterWriter,
  encodeBootstrap,
  encodeRegisterWriter,
  type WriterClaim,
} from './encryption-entries.js';
export {
  decodeEnvelope,
  encodeEnvelope,
  ENVELOPE_V1,
  ENVELOPE_V1_OVERHEAD,
  ENVELOPE_V1_PREFIX_BYTES,
  envelopeKeyId,
  type EnvelopeLayer,
  type EnvelopeV1,
  envelopeVersion,
  FLAG_COMPRESSED,
  isCompressed,
  raftAad,
  storageAad,
  type StorageAadParts,
  TAG_BYTES,
  viewEnvelope,
  writeEnvelopePrefix,
} from './envelope.js';
export { decodeGenesis, encodeGenesis, type Founder, type Genesis } from './genesis.js';
export {
  encodeEnvelopeV2,
  ENVELOPE_V2,
  ENVELOPE_V2_OVERHEAD,
  ENVELOPE_V2_PREFIX_BYTES,
  type EnvelopeV2,
  raftAadV2,
  type RaftAadV2Parts,
  SALT_BYTES,
  storageAadV2,
  type StorageAadV2Parts,
  viewEnvelopeV2,
  writeEnvelopeV2Prefix,
} from './envelope-v2.js';
export { CLUSTER_ID_BYTES, type ClusterId, fullNodeId, nodeId16, UNKNOWN_NODE } from './identity.js';
export {
  decodeVersionKey,
  escapeKey,
  type KeyRange,
  TABLE,
  type Table,
  tableRange,
  unescapeKey,
  type VersionKey,
  versionKey,
  versionPrefix,
  versionRange,
} from './keys.js';
export {
  decodeLifecycle,
  encodeLifecycle,
  type LifecycleEntry,
  type LifecycleSub,
  type LifecycleSubWire1,
  type LifecycleWire1,
  type LifecycleWire2,
} from './key-lifecycle.js';
export {
  decodeKeyState,
  EMPTY_KEY_STATE,
  encodeKeyState,
  KEY_STATE_MAC_BYTES,
  type KeyRecord,
  type KeyRecordState,
  type KeyState,
  keyStateMacInput,
} from './key-state.js';
export {
  decodeKeyReferences,
  decodeKeyReferencesQuestion,
  encodeKeyReferences,
  encodeKeyReferencesQuestion,
  type KeyReferencesQuestion,
} from './key-references.js';
export {
  decodeUsageReport,
  decodeUsageRow,
  encodeUsageReport,
  encodeUsageRow,
  type KeyUsage,
  type UsageClaim,
  type UsageReport,
  type UsageRow,
  usageRowKey,
  usageRowPrefix,
} from './key-usage.js';
export { decodeJoinToken, encodeJoinToken, type JoinMember, type JoinToken } from './join-token.js';
export { checkKey, checkValue, LIMITS } from './limits.js';
export { decodeMembership, encodeMembership, type MemberRecord, type Membership } from './membership.js';
export { decodeNonce, encodeNonce, NONCE_BYTES, type NonceParts } from './nonce.js';
export {
  decodeCommands,
  decodeHlcCeiling,
  encodeCommands,
  encodeHlcCeiling,
  OPCODES,
  payloadOpcode,
} from './payload.js';
export {
  decodeProposal,
  encodeClearProposal,
  encodeSealedProposal,
  type Proposal,
  PROPOSAL_HEADER_BYTES,
  PROPOSAL_KIND,
  proposalIdOf,
} from './proposal.js';
export { protoDescriptors } from './proto.js';
export {
  decodeEpochAnswer,
  decodeEpochQuestion,
  decodeIdentityAnswer,
  decodeIdentityQuestion,
  decodeIntroduction,
  decodeProposalAnswer,
  decodeProposalQuestion,
  encodeEpochAnswer,
  encodeEpochQuestion,
  encodeIdentityAnswer,
  encodeIdentityQuestion,
  encodeIntroduction,
  encodeIntroductionAnswer,
  encodeProposalAnswer,
  encodeProposalQuestion,
  type EpochQuestion,
  type IdentityAnswer,
  type IdentityQuestion,
  type Introduction,
  type ProposalAnswer,
  type ProposalQuestion,
  QUESTION,
  questionKind,
} from './question.js';
export { decodeRaftFrames, encodeRaftFrames, type RaftFrame, raftFrameBytes } from './raft-message-frames.js';
export {
  decodeRaftMessage,
  encodeRaftMessage,
  type WireConfState,
  type WireEntry,
  type WireMessage,
  type WireMessageType,
  type WireSnapshot,
} from './raft-message.js';
export {
  decodeScrubAnswer,
  decodeScrubQuestion,
  encodeScrubAnswer,
  encodeScrubQuestion,
  type ScrubQuestion,
} from './scrub-question.js';
export {
  decodeStoredValueAnswer,
  decodeStoredValueQuestion,
  encodeStoredValueAnswer,
  encodeStoredValueQuestion,
  type StoredValueQuestion,
} from './stored-value-question.js';
export {
  parseSidecar,
  printSidecar,
  type Sidecar,
  SIDECAR_BYTES_MAX,
  SIDECAR_MAC_BYTES,
  SIDECAR_VERSION,
  type SidecarGroup,
  type SidecarKey,
  sidecarMacInput,
} from './sidecar.js';
export {
  type CutoverProgress,
  decodeCutoverProgress,
  decodeIndexRow,
  decodeTimestampRow,
  encodeCutoverProgress,
  encodeIndexRow,
  encodeTimestampRow,
  REQUEST_ID_BYTES,
  requestResultKey,
  requestResultRange,
  SYSTEM_KEYS,
  systemKey,
} from './system-keys.js';
export {
  decodeHeader,
  encodeHeader,
  splitValue,
  type StoredValue,
  TOMBSTONE,
  VALUE_HEADER_BYTES,
  type ValueHeader,
} from './value.js';
export {
  CHECK_BYTES,
  decodeLocalKekBlob,
  decodeWrappedDek,
  DEK_BYTES,
  encodeLocalKekBlob,
  encodeWrappedDek,
  type KeyPurpose,
  LOCAL_KEK_BLOB_BYTES,
  type LocalKekBlob,
  ORIGIN_ID_BYTES,
  PURPOSE_CODE,
  wrapContext,
  WRAPPED_DEK_LIMITS,
  type WrappedDekSlot,
} from './wrapped-dek.js';
export type { WrappedKey } from './wrapped-key.js';
export {
  decodeWriterRegistryKey,
  decodeWriterRow,
  encodeWriterRow,
  type WriterKey,
  writerRegistryKey,
  writerRegistryPrefix,
  type WriterRow,
} from './writer-registry.js';
export { judgeVectors, type VectorCrypto } from './vectors/judge.js';
export type { Verdict } from './vectors/tally.js';
export {
  decodeInstallIntent,
  encodeInstallIntent,
  INSTALL_INTENT_BYTES,
  type InstallIntent,
} from './install-intent.js';
export {
  decodeSnapshotChunk,
  decodeSnapshotLength,
  decodeSnapshotTrailer,
  encodeSnapshotChunk,
  encodeSnapshotEnd,
  encodeSnapshotTrailer,
  SNAPSHOT_CHECKSUM_BYTES,
  SNAPSHOT_CHUNK_BYTES_MAX,
  SNAPSHOT_LENGTH_BYTES,
  SNAPSHOT_TRAILER_BYTES,
  snapshotPairBytes,
  type SnapshotTrailer,
} from './snapshot-chunk.js';
export {
  decodeSnapshotHeader,
  decodeSnapshotPrefix,
  encodeSnapshotHeader,
  encodeSnapshotPreamble,
  SNAPSHOT_HEADER_BYTES_MAX,
  SNAPSHOT_PREFIX_BYTES,
  type SnapshotHeader,
} from './snapshot-header.js';
export { encodeErrorDetails, encodeWireError, decodeWireError, errorOfWire } from './wire/error.js';
export {
  decodeRequests,
  decodeResponses,
  encodeRequests,
  encodeResponses,
  OP,
  requestBytes,
  type RequestMessage,
  responseBytes,
  type ResponseMessage,
  STATUS,
} from './wire/frame.js';
export {
  decodeBeginResponse,
  decodeGetRequest,
  decodeGetResponse,
  encodeBeginResponse,
  encodeGetRequest,
  encodeGetResponse,
} from './wire/get.js';
export {
  type GrpcMethod,
  type GrpcMethods,
  grpcMethods,
  type ServiceDescription,
} from './wire/grpc-methods.js';
export { decodeScanRequest, decodeScanResponse, encodeScanRequest, encodeScanResponse } from './wire/scan.js';
export {
  decodeWriteRequest,
  decodeWriteResponse,
  encodeWriteRequest,
  encodeWriteResponse,
} from './wire/write.js';
