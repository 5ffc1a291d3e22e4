import { CaissonError } from '@caisson/contracts';

/** A message type as the generator describes it. */
interface MessageType {
  encode(message: never): { finish(): Uint8Array };
  decode(bytes: Uint8Array): unknown;
}

interface MethodDescription {
  readonly name: string;
  readonly requestType: MessageType;
  readonly requestStream: boolean;
  readonly responseType: MessageType;
  readonly responseStream: boolean;
}

export interface ServiceDescription {
  readonly fullName: string;
  readonly methods: Readonly<Record<string, MethodDescription>>;
}

type MessageOf<Type extends MessageType> = ReturnType<Type['decode']>;

/** A method as gRPC libraries want it: its path, and how its messages become bytes and back. */
export interface GrpcMethod<Request, Response, Bytes extends Uint8Array> {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly requestSerialize: (message: Request) => Bytes;
  readonly requestDeserialize: (bytes: Uint8Array) => Request;
  readonly responseSerialize: (message: Response) => Bytes;
  readonly responseDeserialize: (bytes: Uint8Array) => Response;
}

export type GrpcMethods<Service extends ServiceDescription, Bytes extends Uint8Array> = {
  readonly [Name in keyof Service['methods']]: GrpcMethod<
    MessageOf<Service['methods'][Name]['requestType']>,
    MessageOf<Service['methods'][Name]['responseType']>,
    Bytes
  >;
};

/**
 * The methods of a generated service for a gRPC library. `wrap` makes encoded bytes into the library's own
 * kind of byte array; this layer knows none.
 */
export function grpcMethods<const Service extends ServiceDescription, Bytes extends Uint8Array>(
  service: Service,
  wrap: (bytes: Uint8Array) => Bytes,
): GrpcMethods<Service, Bytes> {
  const methods = Object.entries(service.methods).map(([name, method]) => {
    const { requestType, responseType, requestStream, responseStream } = method;
    return [
      name,
      {
        path: `/${service.fullName}/${method.name}`,
        requestStream,
        responseStream,
        requestSerialize: (message: never) => wrap(requestType.encode(message).finish()),
        requestDeserialize: (bytes: Uint8Array) => decoded(requestType, bytes),
        responseSerialize: (message: never) => wrap(responseType.encode(message).finish()),
        responseDeserialize: (bytes: Uint8Array) => decoded(responseType, bytes),
      },
    ] as const;
  });
  return Object.fromEntries(methods) as unknown as GrpcMethods<Service, Bytes>;
}

/** The generated code throws whatever its reader does. */
function decoded(type: MessageType, bytes: Uint8Array): unknown {
  try {
    return type.decode(bytes);
  } catch (cause) {
    throw new CaissonError('MESSAGE_MALFORMED', { problem: 'is no such message' }, { cause });
  }
}
