import { AuditApplier } from '@caisson/audit';
import {
  type ApplierHarness,
  applierKit,
  describeKit,
  PlainStores,
  plaintextSide,
} from '@caisson/compliance';
import { type AuditLine, encodeAuditEntry } from '@caisson/formats';
import { NodeHashes } from '@caisson/platform-node';

const LINE: AuditLine = {
  kind: 'begun',
  call: new Uint8Array(16).fill(7),
  at: 5n << 16n,
  node: 'n1',
  who: 'ada',
  from: '10.0.0.1:4000',
  what: 'encryption.rotate',
  detail: 'purpose=storage',
  result: '',
  count: 1,
};

const payload = (line: Partial<AuditLine>) => encodeAuditEntry({ ...LINE, ...line });

/** An order, the same line once more, its end by a clock that lags, and a refusal. */
function makeHarness(): ApplierHarness {
  return {
    applier: () => new AuditApplier(new NodeHashes()),
    store: async () => plaintextSide(await new PlainStores().open('main')),
    script: [
      { payload: payload({}), expect: 'applied' },
      { payload: payload({}), expect: 'applied' },
      { payload: payload({ kind: 'ended', at: 3n << 16n, result: 'ok' }), expect: 'applied' },
      {
        payload: payload({ kind: 'refused', call: new Uint8Array(16).fill(8), result: 'PERMISSION_DENIED' }),
        expect: 'applied',
      },
    ],
    malformed: [
      Uint8Array.of(0x10),
      Uint8Array.of(0x10, 2, 1),
      Uint8Array.of(0x11),
      Uint8Array.of(0x17, 1),
      Uint8Array.of(...payload({}), 0),
    ],
  };
}

const lacks = { refusal: 'a line is taken or malformed, and never refused' };
describeKit(applierKit, makeHarness, { describe, it }, { lacks });
