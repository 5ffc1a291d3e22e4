import type { OfflineReader } from '@caisson/encryption';
import { CaissonError } from '@caisson/contracts';
import type { GroupCheck } from './group-check.js';

/** What was found on a disk. */
export interface DiskReport {
  readonly format: 1;
  readonly directory: string;
  readonly kind: 'node' | 'backup' | 'nothing of Caisson';
  /** Of the node, where its identity can be read. */
  readonly node?: string;
  readonly cluster?: string;
  readonly time: string;
  /** Keys that were opened. */
  readonly keyIds: readonly number[];
  readonly sidecarMac: 'right' | 'wrong' | 'unknown' | 'no sidecar';
  readonly files: readonly ReportedFile[];
  readonly groups: readonly GroupCheck[];
  /** How many were looked for. */
  readonly needles: number;
  readonly findings: readonly string[];
  /** Worth a look, and wrong only where there is no other reason for it. */
  readonly remarks: readonly string[];
}

export interface ReportedFile {
  readonly path: string;
  readonly kind: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly entropy?: number;
}

/** A report with who stands for it: whoever can open the data keys of the directory. */
export interface SignedReport {
  readonly report: DiskReport;
  readonly signature?: { readonly keyId: number; readonly mac: string };
}

type Signer = Pick<OfflineReader, 'sign'>;

export function signReport(report: DiskReport, reader: Signer): SignedReport {
  const signed = reader.sign(bytesOf(report));
  if (signed === undefined) return { report };
  return { report, signature: { keyId: signed.keyId, mac: Buffer.from(signed.mac).toString('hex') } };
}

/** Whether a report is, word for word, what somebody with these keys wrote. */
export function isSignedBy({ report, signature }: SignedReport, reader: Signer): boolean {
  if (signature === undefined) return false;
  const signed = reader.sign(bytesOf(report));
  return signed?.keyId === signature.keyId && Buffer.from(signed.mac).toString('hex') === signature.mac;
}

export function parseReport(text: string): SignedReport {
  try {
    const parsed = JSON.parse(text) as SignedReport;
    if (typeof parsed.report === 'object') return parsed;
  } catch {
    // Told below.
  }
  throw new CaissonError('INVALID_ARGUMENT', { field: 'check', limit: 'a report of this command' });
}

function bytesOf(report: DiskReport): Uint8Array {
  return Buffer.from(JSON.stringify(report));
}
