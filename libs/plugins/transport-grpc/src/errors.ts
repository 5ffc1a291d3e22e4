import { CaissonError, isCaissonError, toCaissonError, type ErrorDetails } from '@caisson/contracts';
import { encodeErrorDetails, errorOfWire, peerProto } from '@caisson/formats';
import { Metadata, status as GrpcStatus, type ServiceError } from '@grpc/grpc-js';

/** Trailer that carries the typed detail of an error between nodes, as protobuf `caisson.v1.PeerError`. */
const ERROR_TRAILER = 'caisson-peer-error-bin';

/** A failure as gRPC sends it: status, message and typed detail. Causes stay on this side. */
export function toServiceError(failure: unknown): ServiceError {
  const error = toCaissonError(failure);
  const metadata = new Metadata();
  metadata.set(ERROR_TRAILER, Buffer.from(peerProto.PeerError.encode(peerErrorOf(error)).finish()));
  const fields = { code: GrpcStatus[error.entry.grpc], details: error.code, metadata };
  return Object.assign(new Error(error.code), fields);
}

function peerErrorOf(error: CaissonError): peerProto.PeerError {
  const integers: string[] = [];
  for (const [name, value] of Object.entries(error.details)) {
    if (typeof value === 'bigint') integers.push(name);
  }
  return { wire: error.entry.wire, details: encodeErrorDetails(error.details), integers };
}

/** What the other node threw, or `undefined` when the call failed without reaching a verdict of its. */
export function thrownByPeer(metadata: Metadata): CaissonError | undefined {
  const trailer = metadata.get(ERROR_TRAILER)[0];
  if (trailer === undefined) return undefined;
  try {
    const { wire, details, integers } = peerProto.PeerError.decode(Buffer.from(trailer));
    const error = errorOfWire(wire, details);
    return new CaissonError(error.code, withIntegers(error.details, integers));
  } catch (cause) {
    if (isCaissonError(cause)) return cause;
    return new CaissonError('MESSAGE_MALFORMED', { field: ERROR_TRAILER }, { cause });
  }
}

function withIntegers(details: ErrorDetails, integers: readonly string[]): ErrorDetails {
  const restored = new Map(Object.entries(details));
  for (const name of integers) {
    const text = restored.get(name);
    if (typeof text === 'string' && /^-?\d{1,40}$/.test(text)) restored.set(name, BigInt(text));
  }
  return Object.fromEntries(restored);
}
