import { CaissonError, isCaissonError } from '@caisson/contracts';
import { credentials, type ChannelCredentials } from '@grpc/grpc-js';
import type { ClientTls } from './options.js';

/** Plaintext without TLS options; `TLS_INVALID` for PEM texts that cannot be used. */
export function channelCredentials(tls: ClientTls | undefined): ChannelCredentials {
  if (!tls) return credentials.createInsecure();
  const pem = (value: Uint8Array | string | undefined) => (value === undefined ? null : Buffer.from(value));
  try {
    return credentials.createSsl(pem(tls.ca), pem(tls.key), pem(tls.cert));
  } catch (cause) {
    if (isCaissonError(cause)) throw cause;
    throw new CaissonError(
      'TLS_INVALID',
      { reason: 'the client’s certificate, key or authority' },
      { cause },
    );
  }
}
