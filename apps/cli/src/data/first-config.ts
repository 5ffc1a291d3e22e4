import type { Initialised } from '@caisson/server';
import { access, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { stringify } from 'yaml';

export interface Listening {
  /** Where peers reach the node; without it the node runs alone. */
  readonly peerListen?: string;
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\]):/;
const WILDCARD = /^(0\.0\.0\.0|\[::\]):(\d+)$/;

/** A configuration to start from. Where TLS is needed it names files that the operator has to bring. */
export function configText({ dataDir, kekPath }: Initialised, { peerListen }: Listening = {}): string {
  return stringify({
    'data-directory': { path: dataDir },
    ...(kekPath ? { 'kek-file': { path: kekPath } } : { 'applier-encryption': { enabled: false } }),
    ...(peerListen === undefined ? {} : { 'transport-grpc': transport(peerListen) }),
    'gateway-grpc': { listen: '127.0.0.1:7700' },
    'admin-http': { listen: '127.0.0.1:7701' },
  });
}

/** An existing file is somebody's work and stays as it is. */
export async function writeConfig(path: string, text: string): Promise<void> {
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (!exists) await writeFile(path, text, { flag: 'wx' });
}

function transport(listen: string): object {
  const wildcard = WILDCARD.exec(listen);
  return {
    listen,
    // Nobody can dial a wildcard: peers are told a name of this machine.
    ...(wildcard && { advertise: `${hostname()}:${wildcard[2]}` }),
    ...(LOOPBACK.test(listen)
      ? {}
      : {
          tls: {
            cert: '/etc/caisson/node.pem',
            key: { file: '/etc/caisson/node.key' },
            ca: '/etc/caisson/ca.pem',
          },
        }),
  };
}
