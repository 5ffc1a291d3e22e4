import { toCaissonError, type CaissonError } from '@caisson/contracts';
import { encodeErrorDetails, proto } from '@caisson/formats';
import { Metadata, status as GrpcStatus, type ServiceError } from '@grpc/grpc-js';

/** Trailer that carries the typed detail of an error, as protobuf `caisson.v1.ErrorDetail`. */
export const ERROR_TRAILER = 'caisson-error-bin';

/** A failure as gRPC sends it: status, message and typed detail. Causes stay on this side. */
export function toServiceError(failure: unknown): ServiceError {
  const error = toCaissonError(failure);
  const metadata = new Metadata();
  metadata.set(ERROR_TRAILER, Buffer.from(proto.ErrorDetail.encode(detailOf(error)).finish()));
  const fields = { code: GrpcStatus[error.entry.grpc], details: error.message, metadata };
  return Object.assign(new Error(error.message), fields);
}

function detailOf(error: CaissonError): proto.ErrorDetail {
  const { wire, retry, meaning, wayOut } = error.entry;
  const details = encodeErrorDetails(error.details);
  return { wire, code: error.code, details, meaning, wayOut, retry };
}
