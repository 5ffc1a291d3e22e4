export {
  decodeEnvelope,
  encodeEnvelope,
  ENVELOPE_V1,
  ENVELOPE_V1_OVERHEAD,
  envelopeKeyId,
  type EnvelopeLayer,
  type EnvelopeV1,
  envelopeVersion,
  FLAG_COMPRESSED,
  raftAad,
  storageAad,
  type StorageAadParts,
  TAG_BYTES,
} from './envelope.js';
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
export { checkKey, checkValue, LIMITS } from './limits.js';
export { decodeNonce, encodeNonce, NONCE_BYTES, type NonceParts } from './nonce.js';
export {
  decodeCommands,
  decodeGenesis,
  decodeHlcCeiling,
  encodeCommands,
  encodeGenesis,
  encodeHlcCeiling,
  type Genesis,
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
  decodeWriterRegistryKey,
  decodeWriterRow,
  encodeWriterRow,
  type WriterKey,
  writerRegistryKey,
  writerRegistryPrefix,
  type WriterRow,
} from './writer-registry.js';
