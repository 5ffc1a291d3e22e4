import { CaissonError, type Disk, type Secrets } from '@caisson/contracts';
import { ServerCredentials } from '@grpc/grpc-js';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { GatewayGrpcConfig } from './config.js';

const PEM_BYTES_MAX = 1024 * 1024;
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/;

export function hostOf(listen: string): string {
  return listen.slice(0, listen.lastIndexOf(':'));
}

/** Whether only this machine can reach the address. Names other than `localhost` are taken as reachable. */
export function isLoopback(listen: string): boolean {
  return LOOPBACK.test(hostOf(listen));
}

/** `INSECURE_ADDRESS` for plaintext that others could hear, unless the configuration insists. */
export function refuseExposedPlaintext(config: GatewayGrpcConfig): void {
  if (config.tls || config.insecure || isLoopback(config.listen)) return;
  throw new CaissonError('INSECURE_ADDRESS', { field: 'gateway-grpc.listen', listen: config.listen });
}

/** Reads and checks the PEM files. `TLS_INVALID` names the file; its content never appears. */
export async function loadCredentials(
  config: GatewayGrpcConfig,
  { disk, secrets }: { readonly disk: Disk; readonly secrets: Secrets },
): Promise<ServerCredentials> {
  const { tls } = config;
  if (!tls) return ServerCredentials.createInsecure();
  const cert = await readPem(disk, tls.cert);
  const key = Buffer.from((await secrets.read(tls.key)).reveal());
  const ca = tls.ca ? await readPem(disk, tls.ca) : null;
  checkPair(tls.cert, cert, key);
  return ServerCredentials.createSsl(
    ca,
    [{ cert_chain: cert, private_key: key }],
    tls.requireClientCertificate,
  );
}

async function readPem(disk: Disk, path: string): Promise<Buffer> {
  const bytes = await disk.read(path, PEM_BYTES_MAX);
  if (!bytes) throw new CaissonError('TLS_INVALID', { path, reason: 'does not exist' });
  return Buffer.from(bytes);
}

function checkPair(path: string, cert: Buffer, key: Buffer): void {
  let matches: boolean;
  try {
    matches = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch (cause) {
    throw new CaissonError('TLS_INVALID', { path, reason: 'not a certificate and key in PEM' }, { cause });
  }
  if (!matches)
    throw new CaissonError('TLS_INVALID', { path, reason: 'certificate and key do not belong together' });
}
