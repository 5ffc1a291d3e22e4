import { DEK_BYTES } from '../wrapped-dek.js';
import { judgeCrossLayer, judgeRaftEnvelope, judgeStorageEnvelope, judgeWrappedDek } from './envelopes.js';
import { judgeCrc32c, judgeNodeId, judgeNonce, judgeRegistryRow } from './layouts.js';
import { judgeLogEntries } from './log-entries.js';
import { Tally, VectorFields, type Verdict } from './tally.js';

/** AES-256-GCM, which this library does not bring along. */
export interface VectorCrypto {
  /** `ciphertext ‖ tag 16`. */
  seal(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** `undefined` when authentication fails. */
  open(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined;
}

/** What the sections of one file share. */
export interface VectorContext {
  readonly tally: Tally;
  readonly crypto: VectorCrypto;
  readonly dek: Uint8Array;
  /** The whole file. */
  readonly file: VectorFields;
}

type SectionJudge = (context: VectorContext, name: string) => void;

const SECTIONS: Readonly<Record<string, SectionJudge>> = {
  nodeIds: eachItem(judgeNodeId),
  nonces: eachItem(judgeNonce),
  storageEnvelopes: eachItem(judgeStorageEnvelope),
  raftEnvelopes: eachItem(judgeRaftEnvelope),
  crossLayer: judgeCrossLayer,
  logEntries: judgeLogEntries,
  registry: eachItem(judgeRegistryRow),
  wrappedDekV1: judgeWrappedDek,
  crc32c: eachItem(judgeCrc32c),
};

/** Beside the sections: a comment, and the key the envelopes are sealed under. */
const SHARED: ReadonlySet<string> = new Set(['note', 'dek']);

/**
 * Compares a parsed file of version-1 vectors with what the codecs of this library compute, in both
 * directions.
 *
 * A section or field that is not known is bad, and so is a missing or mistyped field: nothing in the file
 * goes unchecked in silence. A file without any section has no checks; the caller decides what that means.
 */
export function judgeVectors(json: unknown, crypto: VectorCrypto): Verdict {
  const tally = new Tally();
  const file = tally.attempt('file', () => new VectorFields(json));
  if (file === undefined) return tally.verdict;
  const dek = readDek(file, tally);
  for (const name of file.names) {
    const judge = Object.hasOwn(SECTIONS, name) ? SECTIONS[name] : undefined;
    if (judge !== undefined) tally.attempt(name, () => judge({ tally, crypto, dek, file }, name));
    else if (!SHARED.has(name)) tally.bad(name, 'is a section that is not known');
  }
  return tally.verdict;
}

function readDek(file: VectorFields, tally: Tally): Uint8Array {
  const dek = file.has('dek') ? tally.attempt('dek', () => file.hex('dek')) : undefined;
  if (dek !== undefined) tally.expect('dek', DEK_BYTES, () => dek.length);
  return dek ?? new Uint8Array(0);
}

function eachItem(judge: (context: VectorContext, item: VectorFields, where: string) => void): SectionJudge {
  return (context, name) => {
    context.file.list(name).forEach((item, at) => {
      const where = `${name}[${at}]`;
      context.tally.attempt(where, () => {
        judge(context, item, where);
        item.end();
      });
    });
  };
}
