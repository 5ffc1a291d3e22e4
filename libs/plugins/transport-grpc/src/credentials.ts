import { CaissonError, type Disk, type Secrets } from '@caisson/contracts';
import { ServerCredentials } from '@grpc/grpc-js';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { TransportGrpcConfig } from './config.js';
import { nodeNames } from './node-names.js';

const PEM_BYTES_MAX = 1024 * 1024;
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/;
const TLS_MIN = 'TLSv1.3';

export function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':'));
}

/** Whether only this machine can reach the address. Names other than `localhost` are taken as reachable. */
export function isLoopback(address: string): boolean {
  return LOOPBACK.test(hostOf(address));
}

/** Refuses to talk plaintext where others could hear it, unless the configuration insists. */
export function refuseExposedPlaintext(config: TransportGrpcConfig, address: string): void {
  if (config.tls || config.insecure || isLoopback(address)) return;
  throw new CaissonError('INSECURE_ADDRESS', { field: 'transport-grpc.tls', address });
}

/** Both ends of mutual TLS. */
export interface NodeCredentials {
  readonly server: ServerCredentials;
  /** `undefined` for plaintext. */
  readonly client: SecureContext | undefined;
}

/**
 * Reads and checks the PEM files: they belong together, and the certificate speaks for this node.
 * `TLS_INVALID` names the file; its content never appears.
 */
export async function loadCredentials(
  { tls }: TransportGrpcConfig,
  nodeName: string,
  { disk, secrets }: { readonly disk: Disk; readonly secrets: Secrets },
): Promise<NodeCredentials> {
  if (!tls) return { server: ServerCredentials.createInsecure(), client: undefined };
  const ca = await readPem(disk, tls.ca);
  const cert = await readPem(disk, tls.cert);
  const key = Buffer.from((await secrets.read(tls.key)).reveal());
  checkPair(tls.cert, cert, key);
  checkName(tls.cert, cert, nodeName);
  try {
    const client = createSecureContext({ ca, cert, key, minVersion: TLS_MIN });
    return { server: new MutualTls(ca, cert, key), client };
  } catch (cause) {
    const reason = 'certificate or authority are not strong enough, or not in PEM';
    throw new CaissonError('TLS_INVALID', { path: tls.cert, ca: tls.ca, reason }, { cause });
  }
}

/** The library's own class leaves the choice of version to the machine's defaults. */
class MutualTls extends ServerCredentials {
  constructor(ca: Buffer, cert: Buffer, key: Buffer) {
    super({ requestCert: true, rejectUnauthorized: true, minVersion: TLS_MIN }, { ca, cert, key });
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
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
  if (matches) return;
  throw new CaissonError('TLS_INVALID', { path, reason: 'certificate and key do not belong together' });
}

function checkName(path: string, cert: Buffer, nodeName: string): void {
  const names = nodeNames(new X509Certificate(cert).toLegacyObject());
  if (names.includes(nodeName)) return;
  const reason = 'the certificate does not carry the name of this node';
  throw new CaissonError('TLS_INVALID', { path, reason, name: nodeName, names });
}
