import { CaissonError, type Disk, type Secrets } from '@caisson/contracts';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { ServerOptions } from 'node:https';
import type { AdminHttpConfig } from './config.js';

const PEM_BYTES_MAX = 1024 * 1024;

type TlsConfig = NonNullable<AdminHttpConfig['tls']>;

/** Reads and checks the PEM files. `TLS_INVALID` names the file; its content never appears. */
export async function loadTls(
  tls: TlsConfig,
  { disk, secrets }: { readonly disk: Disk; readonly secrets: Secrets },
): Promise<ServerOptions> {
  const cert = await readPem(disk, tls.cert);
  const key = Buffer.from((await secrets.read(tls.key)).reveal());
  checkPair(tls.cert, cert, key);
  return {
    cert,
    key,
    minVersion: 'TLSv1.3',
    requestCert: tls.requireClientCertificate,
    rejectUnauthorized: tls.requireClientCertificate,
    ...(tls.ca === undefined ? {} : { ca: await readCertificate(disk, tls.ca) }),
  };
}

async function readPem(disk: Disk, path: string): Promise<Buffer> {
  const bytes = await disk.read(path, PEM_BYTES_MAX);
  if (bytes === undefined) throw new CaissonError('TLS_INVALID', { path, reason: 'does not exist' });
  return Buffer.from(bytes);
}

async function readCertificate(disk: Disk, path: string): Promise<Buffer> {
  const pem = await readPem(disk, path);
  parse(path, () => new X509Certificate(pem));
  return pem;
}

function checkPair(path: string, cert: Buffer, key: Buffer): void {
  const matches = parse(path, () => new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)));
  if (matches) return;
  throw new CaissonError('TLS_INVALID', { path, reason: 'certificate and key do not belong together' });
}

function parse<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new CaissonError('TLS_INVALID', { path, reason: 'is no certificate or key in PEM' }, { cause });
  }
}
