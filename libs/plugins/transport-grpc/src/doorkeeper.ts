import type { Peer } from '@caisson/contracts';
import type { peerProto } from '@caisson/formats';
import type { ServerDuplexStream, ServerUnaryCall } from '@grpc/grpc-js';
import type { AddressBook } from './address-book.js';
import { toServiceError } from './errors.js';
import type { Greeter, ProvenNode } from './hello.js';
import { nodeNames } from './node-names.js';

type AnyCall = Pick<ServerUnaryCall<unknown, unknown>, 'getAuthContext'>;

/** Proves who calls this node. */
export class Doorkeeper {
  constructor(
    private readonly greeter: Greeter,
    private readonly book: AddressBook,
    private readonly isTls: boolean,
  ) {}

  /** Any node of this cluster, or the error it is refused with. */
  prove(call: AnyCall, hello: peerProto.Hello | undefined): ProvenNode {
    if (!this.isTls) return this.greeter.check(hello);
    const certificate = call.getAuthContext().sslPeerCertificate;
    return this.greeter.check(hello, certificate ? nodeNames(certificate) : []);
  }

  /** A peer of the address book, or the error it is refused with. */
  admit(call: AnyCall, hello: peerProto.Hello | undefined): Peer {
    return this.book.admit(this.prove(call, hello));
  }

  helloTo(name: string): peerProto.Hello {
    return this.greeter.helloTo(name);
  }

  /** The id by which the book knows the node, or its own. */
  idOf(proven: ProvenNode): bigint {
    return this.book.idOf(proven);
  }
}

/** Ends a call with an error, after which nothing of it is looked at. */
export function refuse(call: ServerDuplexStream<never, never>, error: unknown): void {
  call.emit('error', toServiceError(error));
}
