import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import type { TransportGrpcConfig } from '../src/config.js';
import { nodeUri } from '../src/node-names.js';

type Tls = NonNullable<TransportGrpcConfig['tls']>;

const EC = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;
const URI = 6;

/** An authority and the certificates it signed, as PEM files in a folder of their own. */
export class Authority {
  readonly folder = mkdtempSync(join(tmpdir(), 'transport-grpc-'));

  private constructor(private readonly ca: { readonly key: string; readonly cert: string }) {}

  static async create(): Promise<Authority> {
    const made = await generate([{ name: 'commonName', value: 'test authority' }], {
      ...EC,
      extensions: [
        { name: 'basicConstraints', cA: true, critical: true },
        { name: 'keyUsage', keyCertSign: true, cRLSign: true, digitalSignature: true, critical: true },
      ],
    });
    const authority = new Authority({ key: made.private, cert: made.cert });
    writeFileSync(join(authority.folder, 'ca.pem'), made.cert);
    return authority;
  }

  /** TLS settings with a certificate that carries the node's name as URI, or as common name alone. */
  async issue(name: string, form: 'uri' | 'common name' = 'uri'): Promise<Tls> {
    const commonName = form === 'uri' ? 'some host' : name;
    const value = form === 'uri' ? nodeUri(name) : 'https://example.org/';
    const made = await generate([{ name: 'commonName', value: commonName }], {
      ...EC,
      ca: this.ca,
      extensions: [
        { name: 'basicConstraints', cA: false },
        { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
        { name: 'subjectAltName', altNames: [{ type: URI, value }] },
      ],
    });
    const file = join(this.folder, encodeURIComponent(`${name} ${form}`));
    writeFileSync(`${file}.pem`, made.cert);
    writeFileSync(`${file}.key`, made.private, { mode: 0o600 });
    return { ca: join(this.folder, 'ca.pem'), cert: `${file}.pem`, key: { file: `${file}.key` } };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
