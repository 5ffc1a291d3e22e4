import { CaissonError, isCaissonError } from '@caisson/contracts';
import { type ChannelCredentials, type ChannelOptions, credentials } from '@grpc/grpc-js';
import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import type { ClientTls } from './options.js';

const TARGET_NAME = 'grpc.ssl_target_name_override';

/**
 * For a server that is reached by its IP address: an address may stand in a certificate, but not in the name
 * that TLS says it wants (RFC 6066, 3), so that one says less.
 */
const NAMELESS = 'localhost';

/** Whom TLS asks for at an address. */
export function targetName(tls: ClientTls | undefined, address: string): ChannelOptions {
  if (tls === undefined) return {};
  if (tls.serverName !== undefined) return { [TARGET_NAME]: tls.serverName };
  return isIP(hostOf(address)) === 0 ? {} : { [TARGET_NAME]: NAMELESS };
}

/** Plaintext without TLS options; `TLS_INVALID` for PEM texts that cannot be used. */
export function channelCredentials(tls: ClientTls | undefined, address: string): ChannelCredentials {
  if (!tls) return credentials.createInsecure();
  const name = tls.serverName ?? hostOf(address);
  const pem = (value: Uint8Array | string | undefined) => (value === undefined ? null : Buffer.from(value));
  try {
    return credentials.createSsl(pem(tls.ca), pem(tls.key), pem(tls.cert), {
      checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
    });
  } catch (cause) {
    if (isCaissonError(cause)) throw cause;
    throw new CaissonError(
      'TLS_INVALID',
      { reason: 'the client’s certificate, key or authority' },
      { cause },
    );
  }
}

function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}
