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
  readonly digest: Uint8Array;
  readonly role: Role;
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
    for (const { role, token } of this.config.access.tokens) {
      const secret = await secrets.read(token);
      known.push({ digest: this.hashes.sha256(secret.reveal()), role });
      secret.erase();
    }
    this.#tokens = known;
  }

  /** `UNAUTHENTICATED` for a caller nobody knows, `PERMISSION_DENIED` for one whose role is not enough. */
  require(needed: Role, proof: CallerProof): void {
    const role = this.#roleOf(proof);
    if (role === 'none') throw new CaissonError('UNAUTHENTICATED');
    if (!ROLES_ABOVE[needed].includes(role)) throw new CaissonError('PERMISSION_DENIED', { needed, role });
  }

  #roleOf({ metadata, certificate }: CallerProof): Role | 'none' {
    const header = metadata.get('authorization')[0];
    if (header !== undefined) return this.#roleOfToken(String(header));
    const name = certificate?.subject?.CN;
    const mapped = this.config.access.certificates.find(({ commonName }) => commonName === name);
    return mapped?.role ?? this.#anonymous;
  }

  #roleOfToken(header: string): Role | 'none' {
    const [scheme, token] = header.split(' ', 2);
    if (scheme?.toLowerCase() !== 'bearer' || !token) return 'none';
    const digest = this.hashes.sha256(toUtf8(token));
    let role: Role | 'none' = 'none';
    for (const known of this.#tokens) if (this.hashes.equal(known.digest, digest)) role = known.role;
    return role;
  }
}
