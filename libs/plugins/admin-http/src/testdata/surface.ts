import { ManualClock } from '@caisson/compliance';
import {
  CaissonError,
  type Disk,
  type Health,
  type HealthReport,
  type HostPhase,
  Secret,
} from '@caisson/contracts';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest, type RequestOptions as TlsRequestOptions } from 'node:https';
import { join } from 'node:path';
import { AdminHttpConfig } from '../config.js';
import { HttpSurface } from '../http-surface.js';
import { PromMeter } from '../prom-meter.js';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** A surface on a free port of the loopback interface, with a health that tests set. */
export class SurfaceBench {
  readonly meter = new PromMeter();
  readonly clock = new ManualClock();
  readonly lines: { readonly level: string; readonly message: string }[] = [];
  readonly reports = new Map<string, HealthReport>();
  phase: HostPhase = 'ready';
  readonly surface: HttpSurface;

  constructor(config: unknown = {}) {
    const health: Health = Object.defineProperty({ phase: this.phase, report: () => this.reports }, 'phase', {
      get: () => this.phase,
    });
    const logger = {
      log: (level: string, message: string) => void this.lines.push({ level, message }),
      child: () => logger,
    };
    const merged = AdminHttpConfig.parse({ listen: '127.0.0.1:0', ...(config as object) });
    this.surface = new HttpSurface(merged, this.meter, {
      health,
      clock: this.clock,
      logger,
      disk: {
        read: async (path: string) => (existsSync(path) ? readFileSync(path) : undefined),
      } as unknown as Disk,
      secrets: {
        read: async (source) => {
          if (!('file' in source)) throw new CaissonError('SECRET_UNAVAILABLE');
          return new Secret(readFileSync(source.file));
        },
      },
    });
  }

  get port(): number {
    return Number(this.surface.addresses[0]!.split(':').at(-1));
  }

  get(path: string, options: RequestOptions & { readonly send?: string } = {}): Promise<Answer> {
    return this.#ask(httpRequest, path, options);
  }

  getTls(path: string, options: TlsRequestOptions): Promise<Answer> {
    return this.#ask(httpsRequest, path, options);
  }

  #ask(
    request: typeof httpRequest | typeof httpsRequest,
    path: string,
    { send, ...options }: RequestOptions & { readonly send?: string },
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const asked = request(
        { host: '127.0.0.1', port: this.port, path, agent: false, ...options },
        (response) => {
          let body = '';
          response.setEncoding('utf8');
          response.on('data', (part: string) => (body += part));
          response.on('end', () =>
            resolve({ status: response.statusCode!, headers: response.headers, body }),
          );
        },
      );
      asked.on('error', reject);
      asked.end(send);
    });
  }
}

/** An authority with a server and a client certificate, and a key that belongs to neither. */
export function makeCertificates(folder: string): void {
  const openssl = (...args: string[]): void =>
    void execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...curve,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-subj',
    '/CN=authority',
    '-days',
    '2',
  );
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-x509', '-days', '2'];
  const names = ['-addext', 'subjectAltName=IP:127.0.0.1'];
  openssl(
    'req',
    ...curve,
    ...signed,
    ...names,
    '-keyout',
    'server.key',
    '-out',
    'server.pem',
    '-subj',
    '/CN=server',
  );
  openssl('req', ...curve, ...signed, '-keyout', 'client.key', '-out', 'client.pem', '-subj', '/CN=client');
}

export const pem = (folder: string, name: string): Buffer => readFileSync(join(folder, name));
