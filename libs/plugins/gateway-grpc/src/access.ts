import { toUtf8 } from '@caisson/base';
import { CaissonError, type Hashes, type Role, type Secrets } from '@caisson/contracts';
import type { Metadata } from '@grpc/grpc-js';
import type { PeerCertificate } from 'node:tls';
import type { GatewayGrpcConfig } from './config.js';
import { isLoopback } from './credentials.js';

/** What a call shows of its caller. */
export interface CallerProof {
  readonly metadata: Metadata;
  /** Present when the client showed a certificate that an accepted authority signed. */
  readonly certificate?: PeerCertificate;
}

/** What each role may do: itself and everything below it. `node` stands apart. */
const ROLES_ABOVE: Record<Role, readonly Role[]> = {
  reader: ['reader', 'writer', 'operator'],
  writer: ['writer', 'operator'],
  operator: ['operator'],
  node: ['node'],
};

interface KnownToken {
  readonly name: string;
  readonly digest: Uint8Array;
  readonly role: Role;
}

interface Caller {
  readonly name: string;
  readonly role: Role | 'none';
}

/**
 * Decides who a caller is and what they may do. A token counts before a certificate, a certificate before
 * nothing.
 */
export class AccessPolicy {
  #tokens: readonly KnownToken[] = [];
  readonly #anonymous: Role | 'none';

  constructor(
    private readonly config: GatewayGrpcConfig,
    private readonly hashes: Hashes,
  ) {
    const open = !config.tls && isLoopback(config.listen) && config.access.tokens.length === 0;
    this.#anonymous = config.access.anonymous ?? (open ? 'operator' : 'none');
  }

  /** Reads the tokens. Only digests are kept, so that comparing takes the same time for every guess. */
  async load(secrets: Secrets): Promise<void> {
    const known: KnownToken[] = [];
    for (const { name, role, token } of this.config.access.tokens) {
      const secret = await secrets.read(token);
      known.push({ name, digest: this.hashes.sha256(secret.reveal()), role });
      secret.erase();
    }
    this.#tokens = known;
  }

  /** `UNAUTHENTICATED` for a caller nobody knows, `PERMISSION_DENIED` for one whose role is not enough. */
  require(needed: Role, proof: CallerProof): void {
    const { role } = this.#callerOf(proof);
    if (role === 'none') throw new CaissonError('UNAUTHENTICATED');
    if (!ROLES_ABOVE[needed].includes(role)) throw new CaissonError('PERMISSION_DENIED', { needed, role });
  }

  /** The caller for the record: how they proved who they are, and the name that goes with it. */
  nameOf(proof: CallerProof): string {
    return this.#callerOf(proof).name;
  }

  #callerOf({ metadata, certificate }: CallerProof): Caller {
    const header = metadata.get('authorization')[0];
    if (header !== undefined) return this.#holderOf(String(header));
    const name = certificate?.subject?.CN;
    const mapped = this.config.access.certificates.find(({ commonName }) => commonName === name);
    const role = mapped?.role ?? this.#anonymous;
    return { name: name === undefined ? 'anonymous' : `certificate ${name}`, role };
  }

  #holderOf(header: string): Caller {
    const [scheme, token] = header.split(' ', 2);
    let caller: Caller = { name: 'unknown token', role: 'none' };
    if (scheme?.toLowerCase() !== 'bearer' || !token) return caller;
    const digest = this.hashes.sha256(toUtf8(token));
    for (const { name, role, digest: known } of this.#tokens)
      if (this.hashes.equal(known, digest)) caller = { name: `token ${name}`, role };
    return caller;
  }
}
