import type {
  Cipher,
  Clock,
  Compressor,
  DataDirectory,
  Disk,
  Faults,
  Hashes,
  KekProvider,
  Logger,
  Meter,
  Random,
  UntrustedStores,
} from '@caisson/contracts';
import type { UsageLimits } from '../usage/usage-limits.js';

export interface EncryptionConfig {
  /** Off means: values and payloads pass clear, and an encrypted directory is refused. */
  readonly enabled: boolean;
  /** Which envelope version is written. All that this build knows are read. */
  readonly envelopeVersion: number;
  /** Whether values are compressed before they are sealed. What was compressed is read either way. */
  readonly compression?: boolean;
  /** How much may be sealed under one salt and one key; what is absent is as built. */
  readonly usage?: Partial<UsageLimits> | undefined;
  readonly rotateOnStartup?: RotationRequest | undefined;
  /** The last epoch that a node takes under one key; as many as fit a nonce where nothing is said. */
  readonly epochMax?: number | undefined;
  /** How long it is between two tries of each KEK. */
  readonly kekCanaryMs?: number | undefined;
}

/**
 * A standing request to get away from keys. It names them, so that it is fulfilled once, whoever leads and
 * however often members restart: afterwards none of them is active any more.
 */
export interface RotationRequest {
  readonly purpose: 'storage' | 'raft' | 'both' | 'none';
  readonly from: readonly number[];
}

/** What the encryption of a node is made of. */
export interface NodeEncryptionParts {
  readonly config: EncryptionConfig;
  readonly stores: UntrustedStores;
  readonly directory: DataDirectory;
  readonly disk: Disk;
  readonly ciphers: readonly Cipher[];
  readonly compressor?: Compressor | undefined;
  readonly keks: readonly KekProvider[];
  readonly hashes: Hashes;
  readonly random: Random;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly faults: Faults;
  readonly meter?: Meter | undefined;
}
