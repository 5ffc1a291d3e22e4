import { CaissonError, type ErrorCode } from '@caisson/contracts';
import { errorOfWire, proto } from '@caisson/formats';
import { status as GrpcStatus, type ServiceError, type StatusObject } from '@grpc/grpc-js';

const ERROR_TRAILER = 'caisson-error-bin';

/** What a gRPC status means when the server sent no detail: it never reached our code, or was not ours. */
const CODE_OF_STATUS: Partial<Record<GrpcStatus, ErrorCode>> = {
  [GrpcStatus.CANCELLED]: 'CANCELLED',
  [GrpcStatus.DEADLINE_EXCEEDED]: 'DEADLINE_EXCEEDED',
  [GrpcStatus.PERMISSION_DENIED]: 'PERMISSION_DENIED',
  [GrpcStatus.UNAUTHENTICATED]: 'UNAUTHENTICATED',
  [GrpcStatus.UNIMPLEMENTED]: 'UNIMPLEMENTED',
};

/** The error a call failed with: the server’s own where it sent one. */
export function fromServiceError(error: ServiceError | StatusObject, address: string): CaissonError {
  const [trailer] = error.metadata?.get(ERROR_TRAILER) ?? [];
  if (trailer instanceof Uint8Array) {
    const { wire, details } = proto.ErrorDetail.decode(trailer);
    return errorOfWire(wire, details);
  }
  const code = isTooLarge(error) ? 'INVALID_ARGUMENT' : (CODE_OF_STATUS[error.code] ?? 'UNAVAILABLE');
  return new CaissonError(code, {
    address,
    grpc: GrpcStatus[error.code] ?? String(error.code),
    reason: error.details,
  });
}

/** The library only tells in words that a message was too large, on either side. */
export function isTooLarge({ code, details }: ServiceError | StatusObject): boolean {
  return code === GrpcStatus.RESOURCE_EXHAUSTED && /larger than/.test(details);
}
