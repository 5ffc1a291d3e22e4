import type { Initialised } from '@caisson/server';
import { access, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { stringify } from 'yaml';

export interface Listening {
  /** Where peers reach the node; without it the node runs alone. */
  readonly peerListen?: string;
}

const CLIENT_PORT = 7700;
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/;
const WILDCARD = /^(0\.0\.0\.0|\[::\])$/;
const TLS_TO_BRING = {
  cert: '/etc/caisson/node.pem',
  key: { file: '/etc/caisson/node.key' },
  ca: '/etc/caisson/ca.pem',
};

/** A configuration to start from. Where TLS is needed it names files that the operator has to bring. */
export function configText({ dataDir, kekPath }: Initialised, { peerListen }: Listening = {}): string {
  return stringify(
    {
      'data-directory': { path: dataDir },
      ...(kekPath ? { 'kek-file': { path: kekPath } } : { 'applier-encryption': { enabled: false } }),
      ...(peerListen === undefined ? { 'gateway-grpc': gateway('127.0.0.1') } : amongPeers(peerListen)),
      'admin-http': { listen: '127.0.0.1:7701' },
    },
    { aliasDuplicateObjects: false },
  );
}

/** The doors of a member: for peers, for clients, and where the others may send clients. */
function amongPeers(listen: string): object {
  const [host, port] = [listen.slice(0, listen.lastIndexOf(':')), listen.slice(listen.lastIndexOf(':') + 1)];
  const isWildcard = WILDCARD.test(host);
  // Nobody can dial a wildcard: others are told a name of this machine.
  const told = isWildcard ? hostname() : host;
  return {
    'transport-grpc': {
      listen,
      ...(isWildcard && { advertise: `${told}:${port}` }),
      ...(!LOOPBACK.test(host) && { tls: TLS_TO_BRING }),
    },
    'engine-raft': { clientAddress: `${told}:${CLIENT_PORT}` },
    'gateway-grpc': gateway(host),
  };
}

function gateway(host: string): object {
  const listen = `${host}:${CLIENT_PORT}`;
  if (LOOPBACK.test(host)) return { listen };
  const certificates = [
    { commonName: 'app', role: 'writer' },
    { commonName: 'ops', role: 'operator' },
  ];
  return { listen, tls: { ...TLS_TO_BRING, requireClientCertificate: true }, access: { certificates } };
}

/** An existing file is somebody's work and stays as it is. */
export async function writeConfig(path: string, text: string): Promise<void> {
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (!exists) await writeFile(path, text, { flag: 'wx' });
}
