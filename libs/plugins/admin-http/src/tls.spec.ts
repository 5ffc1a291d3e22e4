import { skipUnless } from '@caisson/compliance';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AdminHttpConfig } from './config.js';
import { makeCertificates, pem, SurfaceBench } from './testdata/surface.js';

const withOpenssl = skipUnless(
  spawnSync('openssl', ['version']).status === 0,
  'the openssl command is missing',
);

describe('over TLS', () => {
  let folder: string;
  let bench: SurfaceBench | undefined;

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'admin-http-'))));
  afterEach(async () => {
    await bench?.surface.stop();
    rmSync(folder, { recursive: true });
  });

  const file = (name: string): string => join(folder, name);
  const tls = (more: object = {}) => ({
    cert: file('server.pem'),
    key: { file: file('server.key') },
    ...more,
  });

  withOpenssl('serves who trusts its authority, on any address', async () => {
    makeCertificates(folder);
    bench = new SurfaceBench({ listen: '0.0.0.0:0', tls: tls() });
    await bench.surface.start();
    const { status } = await bench.getTls('/readyz', { ca: pem(folder, 'ca.pem') });
    expect(status).toBe(200);
    expect(bench.surface.healthReport()).toEqual({ status: 'ok' });
  });

  withOpenssl('asks for a client certificate when it is told to', async () => {
    makeCertificates(folder);
    bench = new SurfaceBench({ tls: tls({ ca: file('ca.pem'), requireClientCertificate: true }) });
    await bench.surface.start();
    const ca = pem(folder, 'ca.pem');
    await expect(bench.getTls('/readyz', { ca })).rejects.toThrow();
    const client = { cert: pem(folder, 'client.pem'), key: pem(folder, 'client.key') };
    expect((await bench.getTls('/readyz', { ca, ...client })).status).toBe(200);
  });

  withOpenssl('refuses a key of another certificate and files that are none', async () => {
    makeCertificates(folder);
    const invalid = { code: 'TLS_INVALID' };
    const swapped = new SurfaceBench({ tls: tls({ key: { file: file('client.key') } }) });
    await expect(swapped.surface.start()).rejects.toMatchObject(invalid);
    const missing = new SurfaceBench({ tls: tls({ cert: file('nowhere.pem') }) });
    await expect(missing.surface.start()).rejects.toMatchObject(invalid);
    writeFileSync(file('text.pem'), 'no certificate');
    const text = new SurfaceBench({ tls: tls({ ca: file('text.pem') }) });
    await expect(text.surface.start()).rejects.toMatchObject(invalid);
    copyFileSync(file('text.pem'), file('server.pem'));
    const cert = new SurfaceBench({ tls: tls() });
    await expect(cert.surface.start()).rejects.toMatchObject(invalid);
  });

  it('needs an authority to ask for client certificates', () => {
    const config = { tls: tls({ requireClientCertificate: true }) };
    expect(AdminHttpConfig.safeParse(config).error?.issues[0]?.path).toEqual(['tls', 'ca']);
  });
});
