/**
 * Every operating error of Caisson, said once. The class, the wire mappings, the CLI's exit codes and
 * docs/reference/errors.md derive from this table.
 */

/** What a caller may do with the same request. */
export type RetryAdvice =
  /** The same request will fail again. */
  | 'never'
  /** The same node may answer soon; wait with jitter. */
  | 'same-node'
  /** Another node can answer now. */
  | 'other-node'
  /** An operator must act first. */
  | 'after-fix';

export type GrpcStatusName =
  | 'CANCELLED'
  | 'UNKNOWN'
  | 'INVALID_ARGUMENT'
  | 'DEADLINE_EXCEEDED'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'PERMISSION_DENIED'
  | 'RESOURCE_EXHAUSTED'
  | 'FAILED_PRECONDITION'
  | 'ABORTED'
  | 'OUT_OF_RANGE'
  | 'UNIMPLEMENTED'
  | 'INTERNAL'
  | 'UNAVAILABLE'
  | 'DATA_LOSS'
  | 'UNAUTHENTICATED';

export interface ErrorEntry {
  /** Number between peers; never reused, never changed. */
  readonly wire: number;
  readonly grpc: GrpcStatusName;
  readonly http: number;
  /** Exit code of `caisson` and `caissond` when this error ends them. */
  readonly exit: number;
  readonly retry: RetryAdvice;
  /** What happened, in one sentence. */
  readonly meaning: string;
  /** What to do about it, in one sentence. */
  readonly wayOut: string;
}

type Shape = readonly [
  wire: number,
  grpc: GrpcStatusName,
  http: number,
  exit: number,
  retry: RetryAdvice,
  meaning: string,
  wayOut: string,
];

function table<Code extends string>(rows: Record<Code, Shape>): Readonly<Record<Code, ErrorEntry>> {
  const entries = Object.entries<Shape>(rows).map(([code, row]) => {
    const [wire, grpc, http, exit, retry, meaning, wayOut] = row;
    return [code, Object.freeze({ wire, grpc, http, exit, retry, meaning, wayOut })];
  });
  return Object.freeze(Object.fromEntries(entries) as Record<Code, ErrorEntry>);
}

// A table reads best as a table.
// prettier-ignore
export const ERRORS = table({
  // Requests
  INVALID_ARGUMENT: [1, 'INVALID_ARGUMENT', 400, 64, 'never',
    'A field of the request is malformed or outside its limit.',
    'The details name the field and the limit; change the request.'],
  DEADLINE_EXCEEDED: [2, 'DEADLINE_EXCEEDED', 504, 75, 'same-node',
    'The deadline passed before the answer was known; a write may or may not have happened.',
    'Repeat with the same request id, or raise the deadline.'],
  CANCELLED: [3, 'CANCELLED', 499, 130, 'never',
    'The caller gave up; a write may or may not have happened.',
    'Nothing; repeat with the same request id if the outcome matters.'],
  UNAUTHENTICATED: [4, 'UNAUTHENTICATED', 401, 77, 'after-fix',
    'The request carries no valid certificate or token.',
    'Present a client certificate or a token of the server’s configuration.'],
  PERMISSION_DENIED: [5, 'PERMISSION_DENIED', 403, 77, 'after-fix',
    'The caller’s role does not allow this operation.',
    'Use a certificate or token with the role the details name.'],
  UNIMPLEMENTED: [6, 'UNIMPLEMENTED', 501, 69, 'never',
    'This build or plugin does not offer the operation.',
    'Use a build or plugin that does.'],
  READ_TS_COMPACTED: [7, 'OUT_OF_RANGE', 410, 65, 'never',
    'The requested read timestamp lies below the retention floor.',
    'Read at or above the floor the details give, or without a timestamp.'],
  RESULT_EXPIRED: [8, 'FAILED_PRECONDITION', 409, 65, 'never',
    'The transaction started below the retention floor; its reads can no longer be validated.',
    'Start the transaction again.'],
  TOO_MANY_REQUESTS: [9, 'RESOURCE_EXHAUSTED', 429, 75, 'same-node',
    'A queue of the node is full.',
    'Repeat after a pause, with fewer requests in flight.'],
  UNKNOWN_OUTCOME: [10, 'UNKNOWN', 500, 75, 'same-node',
    'The connection or node was lost before the answer; the write may or may not have happened.',
    'Repeat with the same request id: a repeated write has one effect.'],
  UNAVAILABLE: [11, 'UNAVAILABLE', 503, 75, 'same-node',
    'The node cannot be reached or does not serve yet.',
    'Check address and readiness, then repeat.'],
  DRAINING: [12, 'UNAVAILABLE', 503, 75, 'other-node',
    'The node is stopping and takes no new work.',
    'Use another node, or wait for the restart.'],
  NOT_LEADER: [13, 'UNAVAILABLE', 503, 75, 'other-node',
    'Another node leads this group.',
    'Go to the node the details name.'],
  INTERNAL: [14, 'INTERNAL', 500, 70, 'never',
    'The program is at fault.',
    'Report it with the log lines around it.'],
  TIMESTAMP_BEHIND: [15, 'ABORTED', 409, 75, 'same-node',
    'The entry’s commit timestamp is not above the group’s last one; nothing was applied.',
    'The proposer repeats it with a fresh timestamp.'],
  CLOCK_CEILING: [16, 'UNAVAILABLE', 503, 75, 'same-node',
    'The clock may issue no timestamp above its replicated ceiling, and that was not renewed in time.',
    'Repeat; check the group’s leader and its disk if it lasts.'],
  CLOCK_EXHAUSTED: [17, 'FAILED_PRECONDITION', 500, 70, 'after-fix',
    'The clock has no timestamp left, or the wall clock is far outside its range.',
    'Set the machine’s clock right.'],

  // Configuration and composition
  CONFIG_INVALID: [100, 'INVALID_ARGUMENT', 400, 78, 'after-fix',
    'The configuration has problems; all of them are listed with their paths.',
    'Correct each path listed.'],
  CONFIG_NOT_FOUND: [101, 'NOT_FOUND', 404, 66, 'after-fix',
    'The configuration file cannot be read.',
    'Pass an existing file with --config.'],
  PLUGIN_NOT_FOUND: [102, 'NOT_FOUND', 404, 78, 'after-fix',
    'A section names a plugin that is neither built in nor installed.',
    'Install the package named by `use:` beside the configuration file, or correct the section’s name.'],
  PLUGIN_INVALID: [103, 'FAILED_PRECONDITION', 500, 78, 'after-fix',
    'A package does not export a plugin of a supported contracts version.',
    'Install a version of the package built for these contracts.'],
  PLAN_INVALID: [104, 'FAILED_PRECONDITION', 500, 78, 'after-fix',
    'The plugins do not fit together: a missing provider, two for one slot, or a cycle.',
    'The details name plugins and services; add, remove or replace one.'],
  START_FAILED: [105, 'UNAVAILABLE', 503, 70, 'after-fix',
    'A service failed to start; everything started before it was stopped again.',
    'The cause names the service and its own way out.'],
  STOP_FAILED: [106, 'INTERNAL', 500, 70, 'never',
    'One or more services failed to stop cleanly.',
    'The causes name them; the data is as after a crash, which every start repairs.'],
  ADDRESS_IN_USE: [107, 'UNAVAILABLE', 503, 75, 'after-fix',
    'Another process listens on the configured address.',
    'Stop it or configure another port.'],
  ADDRESS_UNAVAILABLE: [108, 'UNAVAILABLE', 503, 78, 'after-fix',
    'The configured address cannot be bound on this machine.',
    'Configure an address of this machine.'],
  INSECURE_ADDRESS: [109, 'FAILED_PRECONDITION', 500, 78, 'after-fix',
    'Plaintext was asked for on an address other machines can reach.',
    'Configure TLS, listen on loopback, or set `insecure: true` knowingly.'],
  SECRET_UNAVAILABLE: [110, 'FAILED_PRECONDITION', 500, 78, 'after-fix',
    'A secret named by file or environment variable cannot be read.',
    'Make the file readable or set the variable.'],
  TLS_INVALID: [111, 'FAILED_PRECONDITION', 500, 78, 'after-fix',
    'A certificate or key cannot be used.',
    'Check the PEM files the details name: they must belong together and not be expired.'],

  // Disk and data directory
  DIRECTORY_LOCKED: [200, 'FAILED_PRECONDITION', 409, 75, 'after-fix',
    'Another process holds the data directory.',
    'Stop the other process; the lock frees itself when it ends.'],
  DIRECTORY_NOT_INITIALIZED: [201, 'FAILED_PRECONDITION', 409, 66, 'after-fix',
    'The directory holds no node.',
    'Run `caisson init --data-dir …`, or point to the right directory.'],
  DIRECTORY_NOT_EMPTY: [202, 'ALREADY_EXISTS', 409, 73, 'never',
    'The directory already holds a node or foreign files.',
    'Choose another directory; nothing was changed in this one.'],
  DIRECTORY_FORMAT: [203, 'FAILED_PRECONDITION', 409, 65, 'after-fix',
    'The data was written by a newer format than this binary knows, or node.json is damaged.',
    'Use the newer binary, or restore node.json.'],
  DISK_FULL: [204, 'RESOURCE_EXHAUSTED', 507, 74, 'after-fix',
    'The disk has no space left.',
    'Free space and start the node again; nothing acknowledged is lost.'],
  DISK_READ_ONLY: [205, 'FAILED_PRECONDITION', 500, 74, 'after-fix',
    'The directory cannot be written.',
    'Mount it read-write, or correct its owner and mode.'],
  DISK_ERROR: [206, 'UNAVAILABLE', 500, 74, 'after-fix',
    'The operating system refused a disk operation.',
    'The details name the operation and the errno; check the disk.'],
  UNSUPPORTED_FILESYSTEM: [207, 'FAILED_PRECONDITION', 500, 74, 'after-fix',
    'The file system refuses a step of the durable write protocol.',
    'Use a local file system that supports fsync of directories and atomic rename.'],
  CORRUPTION: [208, 'DATA_LOSS', 500, 65, 'after-fix',
    'Stored data is damaged or shorter than what was acknowledged.',
    'Rebuild the node from a peer, a snapshot or a backup; never delete files to make it start.'],
  STORE_CLOSED: [209, 'UNAVAILABLE', 503, 70, 'never',
    'The store was used before it was opened or after it was closed.',
    'Nothing to do for a user; a caller outlived its host.'],
  CLUSTER_MISMATCH: [210, 'FAILED_PRECONDITION', 409, 65, 'after-fix',
    'The data or peer belongs to another cluster.',
    'Point the node at its own directory and peers.'],

  // Encryption
  KEK_NOT_CONFIGURED: [300, 'FAILED_PRECONDITION', 409, 78, 'after-fix',
    'An operation needs a key-encryption key and none is configured.',
    'Configure a KEK provider, such as kek-file, and start again.'],
  KEK_REQUIRED_WITH_FLAG: [301, 'FAILED_PRECONDITION', 500, 78, 'after-fix',
    'Encryption is enabled and no KEK provider is configured.',
    'Configure a KEK provider, or turn encryption off for a directory that never had it.'],
  KEK_MISMATCH: [302, 'FAILED_PRECONDITION', 500, 78, 'after-fix',
    'The configured KEK does not open the wrapped keys of this directory.',
    'Configure the KEK this directory was made with.'],
  KEK_UNREACHABLE: [303, 'UNAVAILABLE', 503, 75, 'same-node',
    'The key service does not answer.',
    'The node keeps trying; restore the key service.'],
  KEK_THROTTLED: [304, 'UNAVAILABLE', 503, 75, 'same-node',
    'The key service asks to slow down.',
    'The node keeps trying; raise the key service’s quota if it lasts.'],
  KEK_DENIED: [305, 'PERMISSION_DENIED', 500, 78, 'after-fix',
    'The key service refuses this node.',
    'Grant the node’s identity the right to wrap and unwrap with this key.'],
  KEK_DISABLED: [306, 'FAILED_PRECONDITION', 500, 78, 'after-fix',
    'The KEK is disabled.',
    'Enable it at the key service.'],
  KEK_PENDING_DELETION: [307, 'FAILED_PRECONDITION', 500, 78, 'after-fix',
    'The KEK is about to be deleted.',
    'Cancel the deletion at the key service now: without the KEK nothing opens.'],
  KEK_NOT_FOUND: [308, 'NOT_FOUND', 500, 78, 'after-fix',
    'The KEK does not exist where the configuration says.',
    'Restore the key, or correct the provider’s configuration.'],
  KEK_MISCONFIGURED: [309, 'FAILED_PRECONDITION', 500, 78, 'after-fix',
    'The KEK source is unusable as configured.',
    'The details name the source and what is wrong with it.'],
  KEK_FILE_EXPOSED: [310, 'FAILED_PRECONDITION', 500, 78, 'after-fix',
    'The KEK file can be read by group or others.',
    'chmod 600 the file, and consider the key known to whoever could read it.'],
  KEK_FILE_NOT_REGULAR: [311, 'FAILED_PRECONDITION', 500, 78, 'after-fix',
    'The KEK path is not a regular file.',
    'Point it at a regular file of exactly 32 bytes.'],
  KEK_CONTEXT_MISMATCH: [312, 'FAILED_PRECONDITION', 500, 78, 'after-fix',
    'A wrapped key is bound to another key id, purpose or cluster.',
    'Put the sidecar or backup of this cluster back.'],
  KEK_BLOB_CORRUPT: [313, 'DATA_LOSS', 500, 65, 'after-fix',
    'A wrapped key is malformed.',
    'Restore the sidecar from its backup, or rebuild it from the store.'],
  SIDECAR_PRESENT_WITHOUT_FLAG: [320, 'FAILED_PRECONDITION', 500, 78, 'after-fix',
    'The directory is encrypted and encryption is turned off in the configuration.',
    'Turn encryption on; turning it off needs an export and an import.'],
  SIDECAR_BEHIND_RAFT_LOG: [321, 'FAILED_PRECONDITION', 500, 65, 'after-fix',
    'The sidecar is older than the store: a rolled-back or edited file.',
    'Put the newest sidecar back, or run `caisson encryption resync-sidecar`.'],
  SIDECAR_CORRUPT: [322, 'DATA_LOSS', 500, 65, 'after-fix',
    'The sidecar is truncated, malformed or fails authentication.',
    'Restore encryption/keys.json from its backup; without an intact copy do not delete it.'],
  SIDECAR_GAP: [323, 'DATA_LOSS', 500, 65, 'after-fix',
    'A key entry below the applied index is missing from sidecar and store.',
    'Restore the directory from a backup or rebuild the node from a peer.'],
  LOCAL_EPOCH_EXHAUSTED: [324, 'RESOURCE_EXHAUSTED', 500, 65, 'after-fix',
    'The node has used all 65535 epochs of its active key.',
    'Rotate the DEK from another node, then start again.'],
  LOCAL_EPOCH_ROLLBACK: [325, 'FAILED_PRECONDITION', 500, 65, 'after-fix',
    'The node’s epoch lies behind the one the registry knows: its files were rolled back.',
    'Run `caisson encryption resync-sidecar`, or rebuild the node.'],
  LOCAL_EPOCH_OUT_OF_RANGE: [326, 'INVALID_ARGUMENT', 500, 65, 'never',
    'An epoch does not fit 16 bits.',
    'Nothing to do for a user; the entry or file is malformed.'],
  NODE_ID_COLLISION: [327, 'FAILED_PRECONDITION', 409, 65, 'after-fix',
    'Two nodes share the 16 bits that enter the nonce.',
    'Give one node another name.'],
  UNSUPPORTED_STORE_FOR_WRITER_REGISTRY: [328, 'FAILED_PRECONDITION', 500, 78, 'after-fix',
    'The store cannot give synced writes, which the writer registry needs.',
    'Use a store plugin with synced writes.'],
  ENVELOPE_CUTOVER_DIVERGENCE: [329, 'DATA_LOSS', 500, 65, 'after-fix',
    'Two records of the same cutover disagree.',
    'Rebuild the node from a peer.'],
  ENVELOPE_CUTOVER_IN_PROGRESS: [330, 'ABORTED', 503, 75, 'same-node',
    'The entry met the Raft envelope’s cutover; nothing was applied.',
    'The proposer repeats it.'],
  ENCRYPTION_NOT_BOOTSTRAPPED: [331, 'UNAVAILABLE', 503, 75, 'same-node',
    'The node was born encrypted and its first key entries are not applied yet.',
    'Repeat; if it lasts, check the KEK provider in the node’s health.'],
  ENCRYPTION_ALREADY_BOOTSTRAPPED: [332, 'FAILED_PRECONDITION', 409, 65, 'never',
    'Other keys are already active; a second bootstrap never replaces them.',
    'Rotate instead.'],
  ENCRYPTION_NOT_ENABLED: [333, 'FAILED_PRECONDITION', 409, 78, 'after-fix',
    'Encryption is turned off in the configuration, and the directory or the order needs it.',
    'Turn encryption on; a new directory may be initialised with --clear instead.'],
  CAPABILITY_CHECK_FAILED: [334, 'FAILED_PRECONDITION', 409, 69, 'after-fix',
    'A member is unreachable or not capable of encryption.',
    'The details name the member; repair or remove it.'],
  ENCRYPTION_APPLY: [335, 'INTERNAL', 500, 70, 'after-fix',
    'An encryption entry cannot be applied; the node halts and does not skip it.',
    'Remove the cause the details name; the restart replays the entry.'],
  RAFT_UNWRAP_FAILED: [336, 'DATA_LOSS', 500, 65, 'after-fix',
    'A sealed log entry cannot be opened; the node halts and does not skip it.',
    'Restore the missing key, or rebuild the node from a peer.'],
  ENCRYPTED_READ_INTEGRITY: [337, 'DATA_LOSS', 500, 65, 'never',
    'A stored value fails authentication: damaged, moved or edited. It is never reported as absent.',
    'Restore the key from a replica or a backup.'],
  ENCRYPTED_VALUE_RESERVED_STATE: [338, 'DATA_LOSS', 500, 65, 'never',
    'A value header uses bits that no version defines.',
    'Use a newer binary if one wrote it; else restore from a replica or a backup.'],
  UNKNOWN_KEY_ID: [339, 'DATA_LOSS', 500, 65, 'after-fix',
    'An envelope names a key this node does not hold.',
    'Run `caisson encryption resync-sidecar`, or restore the sidecar.'],
  WRITER_NOT_REGISTERED: [340, 'UNAVAILABLE', 503, 75, 'same-node',
    'The node’s registration for its running epoch is not applied yet.',
    'Repeat after a moment.'],
  PEER_NOT_ENCRYPTION_CAPABLE: [341, 'FAILED_PRECONDITION', 409, 69, 'after-fix',
    'The candidate cannot hold the cluster’s keys.',
    'Configure encryption and the same KEK on it.'],
  PEER_NOT_ENCRYPTION_REGISTERED: [342, 'FAILED_PRECONDITION', 409, 69, 'after-fix',
    'The candidate’s registration was refused.',
    'The details name the reason; rename or rebuild the candidate.'],
  BACKUP_MISSING_SIDECAR: [343, 'DATA_LOSS', 500, 65, 'never',
    'The backup carries sealed values and no wrapped keys.',
    'Use a backup that carries its keys.'],
  RAFT_DEK_WAL_STILL_REFERENCES: [344, 'FAILED_PRECONDITION', 409, 69, 'same-node',
    'Log entries or snapshots are still sealed under the key.',
    'Take a snapshot on the members the details name, then repeat.'],
  KEY_CONFLICT: [345, 'FAILED_PRECONDITION', 409, 65, 'never',
    'One key id stands for two different keys.',
    'Restore the directory’s own sidecar; never mix files of two clusters.'],
  WRITE_COUNT_EXHAUSTED: [346, 'RESOURCE_EXHAUSTED', 503, 70, 'after-fix',
    'The nonce counter of this process is used up.',
    'Restart the node: it takes a new epoch.'],
  KEY_RETIRED: [347, 'FAILED_PRECONDITION', 409, 65, 'never',
    'The key id is unknown or retired.',
    'Name an active or retiring key.'],
  ENVELOPE_MALFORMED: [348, 'DATA_LOSS', 500, 65, 'never',
    'Bytes that should be an envelope are not one this build can read.',
    'Use a newer binary if one wrote it; else restore from a replica or a backup.'],
  STATE_STALE: [349, 'ABORTED', 409, 75, 'same-node',
    'Key state or membership moved between check and apply; nothing was applied.',
    'Repeat the command.'],
  ENVELOPE_ORDER: [350, 'FAILED_PRECONDITION', 409, 78, 'after-fix',
    'The order comes after the storage envelope, which is not in force in every group.',
    'Run `caisson encryption enable-storage-envelope` first.'],
  ENCRYPTION_ONE_WAY: [351, 'FAILED_PRECONDITION', 409, 78, 'never',
    'Encryption is never turned off in place: the log, snapshots and old values stay sealed.',
    'Export the data, and import it into a cluster made with `caisson init --clear`.'],

  // Log and apply
  APPLY_HALTED: [400, 'UNAVAILABLE', 503, 70, 'after-fix',
    'The node stopped applying at an entry it must not skip.',
    'The details give group, index and reason; remove the cause and start again.'],
  ENTRY_MALFORMED: [401, 'DATA_LOSS', 500, 65, 'after-fix',
    'A log entry cannot be decoded.',
    'Use a newer binary if one wrote it; else rebuild the node from a peer.'],
  OPCODE_UNOWNED: [402, 'FAILED_PRECONDITION', 500, 70, 'after-fix',
    'No applier of this build owns the entry’s opcode.',
    'Use a build with the applier that wrote it.'],
  MESSAGE_MALFORMED: [403, 'INVALID_ARGUMENT', 400, 76, 'never',
    'Bytes that should be a message or file of Caisson are not.',
    'Use matching versions; the details name the field.'],

  // Clusters
  PEER_REFUSED: [500, 'PERMISSION_DENIED', 403, 77, 'after-fix',
    'The node at the other end is not who the membership says, or does not know us as a member.',
    'Compare name, address and certificate of both nodes with the membership.'],
  PROTOCOL_MISMATCH: [501, 'FAILED_PRECONDITION', 409, 69, 'after-fix',
    'Two nodes have no protocol version in common.',
    'Bring both nodes to releases that are one step apart at most.'],
  NOT_CAUGHT_UP: [502, 'FAILED_PRECONDITION', 409, 75, 'same-node',
    'The learner’s log is too far behind for it to vote.',
    'Wait until it has caught up, then repeat; the details say how far it is.'],
  CHANGE_PENDING: [503, 'ABORTED', 409, 75, 'same-node',
    'Another change of membership is under way, or this one was overtaken by it.',
    'Look at the members, then repeat the change if it is still wanted.'],
  SNAPSHOT_INVALID: [504, 'DATA_LOSS', 500, 65, 'same-node',
    'A snapshot is damaged, forged, of another cluster or of a newer format; nothing was replaced.',
    'Let the leader send another one; look at the disk of the sender if it lasts.'],
  BACKUP_INVALID: [505, 'DATA_LOSS', 500, 65, 'never',
    'A backup is damaged, incomplete, forged, or of a newer format; nothing was restored.',
    'Use another copy or another backup; the details name the group and the piece.'],
});

export type ErrorCode = keyof typeof ERRORS;
