import {
  decodeBootstrap,
  decodeRegisterWriter,
  encodeBootstrap,
  encodeRegisterWriter,
} from '../encryption-entries.js';
import type { WriterClaim } from '../encryption-entries.js';
import { decodeLifecycle, encodeLifecycle, type LifecycleSubWire1 } from '../key-lifecycle.js';
import { decodeHlcCeiling, encodeHlcCeiling } from '../payload.js';
import type { VectorContext } from './judge.js';
import type { VectorFields } from './tally.js';

/**
 * One entry of the file in both directions: its fields give its bytes, and its bytes give its bytes again.
 */
interface EntryCodec {
  readonly encode: (entry: VectorFields) => Uint8Array;
  readonly repeat: (bytes: Uint8Array) => Uint8Array;
}

const ENTRIES: Readonly<Record<string, EntryCodec>> = {
  hlcLease: {
    encode: (entry) => encodeHlcCeiling(entry.u64('ceilingMs')),
    repeat: (bytes) => encodeHlcCeiling(decodeHlcCeiling(bytes)),
  },
  registration: {
    encode: (entry) => encodeRegisterWriter(readClaim(entry)),
    repeat: (bytes) => encodeRegisterWriter(decodeRegisterWriter(bytes)),
  },
  bootstrap: {
    encode: encodeBootstrapVector,
    repeat: (bytes) => encodeBootstrap(decodeBootstrap(bytes)),
  },
  rotateDek: lifecycle('rotate'),
  enableStorageEnvelope: lifecycle('enableStorageEnvelope'),
  enableRaftEnvelope: lifecycle('enableRaftEnvelope'),
};

export function judgeLogEntries({ tally, file }: VectorContext, name: string): void {
  const section = file.object(name);
  for (const [kind, codec] of Object.entries(ENTRIES)) {
    const where = `${name}.${kind}`;
    tally.attempt(where, () => {
      const entry = section.object(kind);
      const bytes = entry.hex('bytes');
      tally.expect(where, bytes, () => codec.encode(entry));
      tally.expect(`${where} decoded`, bytes, () => codec.repeat(bytes));
      entry.end();
    });
  }
  section.end();
}

function encodeBootstrapVector(entry: VectorFields): Uint8Array {
  const writers = entry.list('writers').map((row) => {
    const claim = readClaim(row);
    row.end();
    return claim;
  });
  return encodeBootstrap({
    wire: 1,
    storage: { keyId: entry.number('storageDekId'), wrapped: entry.hex('wrappedStorage') },
    raft: { keyId: entry.number('raftDekId'), wrapped: entry.hex('wrappedRaft') },
    writers,
  });
}

function lifecycle(sub: LifecycleSubWire1): EntryCodec {
  return {
    encode(entry) {
      const proposer = entry.object('proposer');
      const claim = readClaim(proposer);
      proposer.end();
      return encodeLifecycle({
        wire: 1,
        sub,
        keyId: entry.number('dekId'),
        purpose: entry.word('purpose', ['storage', 'raft']),
        wrapped: sub === 'rotate' ? entry.hex('wrapped') : new Uint8Array(0),
        proposer: claim,
      });
    },
    repeat: (bytes) => encodeLifecycle(decodeLifecycle(bytes)),
  };
}

function readClaim(fields: VectorFields): WriterClaim {
  return {
    dekId: fields.number('dekId'),
    fullNodeId: fields.u64('fullNodeId'),
    epoch: fields.number('epoch'),
  };
}
