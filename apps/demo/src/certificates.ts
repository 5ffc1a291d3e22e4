import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** An authority and certificates it signed, as PEM files in a folder. */
export class Certificates {
  private constructor(
    private readonly folder: string,
    private readonly ca: { key: string; cert: string },
  ) {}

  static async create(folder: string): Promise<Certificates> {
    await mkdir(folder, { recursive: true });
    const made = await generate([{ name: 'commonName', value: 'test authority' }], {
      keySize: 2048,
      algorithm: 'sha256',
      extensions: [
        { name: 'basicConstraints', cA: true, critical: true },
        { name: 'keyUsage', keyCertSign: true, cRLSign: true, digitalSignature: true, critical: true },
      ],
    });
    const certificates = new Certificates(folder, { key: made.private, cert: made.cert });
    await writeFile(certificates.path('ca.pem'), made.cert);
    return certificates;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Writes `<name>.pem` and `<name>.key` for this common name, valid on loopback and on `hosts`. */
  async issue(
    name: string,
    commonName: string,
    hosts: readonly string[] = [],
  ): Promise<{ cert: string; key: string }> {
    const made = await generate([{ name: 'commonName', value: commonName }], {
      keySize: 2048,
      algorithm: 'sha256',
      ca: this.ca,
      extensions: [
        { name: 'basicConstraints', cA: false },
        { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
        {
          name: 'subjectAltName',
          altNames: [
            { type: 2, value: 'localhost' },
            ...['127.0.0.1', ...hosts].map((ip) => ({ type: 7 as const, ip })),
          ],
        },
      ],
    });
    const paths = { cert: this.path(`${name}.pem`), key: this.path(`${name}.key`) };
    await writeFile(paths.cert, made.cert);
    await writeFile(paths.key, made.private, { mode: 0o600 });
    return paths;
  }
}
