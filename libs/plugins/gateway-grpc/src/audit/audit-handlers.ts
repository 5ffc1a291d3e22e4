import type { AuditPage, AuditService } from '@caisson/contracts';
import { auditProto, grpcMethods } from '@caisson/formats';
import type { OpenCalls } from '../open-calls.js';

export const AUDIT_SERVICE = auditProto.AuditDefinition.fullName;
export const AUDIT_METHODS = grpcMethods(auditProto.AuditDefinition, (bytes) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
);

/** `caisson.v1.Audit` over the service of the node of that name. It says who ordered what: for operators. */
export function auditHandlers(audit: AuditService, calls: OpenCalls, node: () => string) {
  return {
    read: calls.stream('operator', ({ first, current }: auditProto.ReadAuditRequest, signal) =>
      messages(audit.read({ first: Number(first), current }, { signal }), node()),
    ),
  };
}

async function* messages(
  pages: AsyncIterable<AuditPage>,
  node: string,
): AsyncGenerator<auditProto.AuditPage, void, undefined> {
  for await (const { rows, head = new Uint8Array(0) } of pages)
    yield { rows: rows.map(({ number, row }) => ({ number: BigInt(number), row })), head, node };
}
