import { CaissonError } from '@caisson/contracts';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AdminHttpConfig } from './config.js';

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/;

interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/**
 * Plaintext on an address that other machines can reach. Names other than `localhost` are taken as reachable.
 */
export function isExposed({ listen, tls }: AdminHttpConfig): boolean {
  return tls === undefined && !LOOPBACK.test(split(listen).host);
}

/** `INSECURE_ADDRESS` for plaintext that others could hear, unless the configuration insists. */
export function refuseExposedPlaintext(config: AdminHttpConfig): void {
  if (config.insecure || !isExposed(config)) return;
  throw new CaissonError('INSECURE_ADDRESS', { field: 'admin-http.listen', listen: config.listen });
}

/** Binds the server and resolves with the address and the port actually taken. */
export function listen(server: Server, address: string): Promise<string> {
  const { host, port } = split(address);
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => reject(bindFailure(address, error));
    server.once('error', onError);
    server.listen({ host: host.replace(/^\[|\]$/g, ''), port }, () => {
      server.off('error', onError);
      resolve(`${host}:${(server.address() as AddressInfo).port}`);
    });
  });
}

function split(address: string): HostAndPort {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}

function bindFailure(address: string, cause: NodeJS.ErrnoException): CaissonError {
  const code = cause.code === 'EADDRINUSE' ? 'ADDRESS_IN_USE' : 'ADDRESS_UNAVAILABLE';
  const details = { address, field: 'admin-http.listen', errno: cause.code ?? 'unknown' };
  return new CaissonError(code, details, { cause });
}
