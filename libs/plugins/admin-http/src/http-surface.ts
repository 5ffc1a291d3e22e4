import type { AdminSurface, Clock, Disk, Health, HealthReport, Logger, Secrets } from '@caisson/contracts';
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AdminHttpConfig } from './config.js';
import { healthPage, readyPage } from './health-pages.js';
import { isExposed, listen, refuseExposedPlaintext } from './listening.js';
import type { PromMeter } from './prom-meter.js';
import { loadTls } from './tls-files.js';

export interface HttpSurfaceParts {
  readonly health: Health;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly disk: Disk;
  readonly secrets: Secrets;
}

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const WARNING_MS = 3_600_000;
const EXPOSED = 'insecure: true, health and metrics are plaintext on a reachable address';

/** `/healthz`, `/readyz` and `/metrics`, from start to stop. No page takes input or carries user data. */
export class HttpSurface implements AdminSurface {
  readonly name = 'http';
  readonly #config: AdminHttpConfig;
  readonly #meter: PromMeter;
  readonly #parts: HttpSurfaceParts;
  #server: Server | undefined;
  #addresses: readonly string[] = [];
  #cancelWarning: () => void = () => undefined;

  constructor(config: AdminHttpConfig, meter: PromMeter, parts: HttpSurfaceParts) {
    this.#config = config;
    this.#meter = meter;
    this.#parts = parts;
  }

  get addresses(): readonly string[] {
    return this.#addresses;
  }

  async start(): Promise<void> {
    const { logger } = this.#parts;
    refuseExposedPlaintext(this.#config);
    const server = await this.#createServer();
    this.#addresses = [await listen(server, this.#config.listen)];
    this.#server = server;
    server.on('error', (error) => logger.log('error', 'the admin server failed', { error }));
    logger.log('info', 'admin surface listens', { addresses: this.#addresses });
    if (isExposed(this.#config)) this.#warn();
  }

  /** Harmless when never started. Connections are cut: nothing here is worth waiting for. */
  async stop(): Promise<void> {
    this.#cancelWarning();
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  healthReport(): HealthReport {
    return isExposed(this.#config) ? { status: 'degraded', reason: EXPOSED } : { status: 'ok' };
  }

  /** Again and again: whoever reads any hour of the log should see it. */
  #warn(): void {
    this.#parts.logger.log('warn', EXPOSED, { addresses: this.#addresses });
    this.#cancelWarning = this.#parts.clock.after(WARNING_MS, () => this.#warn());
  }

  async #createServer(): Promise<Server> {
    const { limits, tls } = this.#config;
    const options: ServerOptions = {
      maxHeaderSize: limits.headerBytes,
      requestTimeout: limits.requestMs,
      headersTimeout: limits.requestMs,
      keepAliveTimeout: limits.idleMs,
      connectionsCheckingInterval: Math.min(1000, limits.requestMs),
    };
    const handle = (request: IncomingMessage, response: ServerResponse): void =>
      void this.#serve(request, response);
    const server = tls
      ? createTlsServer({ ...options, ...(await loadTls(tls, this.#parts)) }, handle)
      : createServer(options, handle);
    server.maxConnections = limits.connections;
    return server;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let reply: Reply;
    try {
      reply = await this.#reply(request);
    } catch (error) {
      this.#parts.logger.log('error', 'an admin page failed', { error });
      reply = text(500, 'the page failed; the log says why');
    }
    // No page reads a body: a request with one ends its connection instead of being read to the end.
    if (hasBody(request)) response.setHeader('connection', 'close');
    response.writeHead(reply.status, {
      'content-type': reply.type,
      'content-length': Buffer.byteLength(reply.body),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...reply.headers,
    });
    response.end(request.method === 'HEAD' ? undefined : reply.body);
  }

  async #reply(request: IncomingMessage): Promise<Reply> {
    if (hasBody(request)) return text(413, 'no page takes a body');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return { ...text(405, 'GET and HEAD only'), headers: { allow: 'GET, HEAD' } };
    }
    switch ((request.url ?? '').split('?', 1)[0]) {
      case '/healthz':
        return json(healthPage(this.#parts.health));
      case '/readyz':
        return json(readyPage(this.#parts.health));
      case '/metrics':
        return { status: 200, type: this.#meter.contentType, body: await this.#meter.exposition() };
      default:
        return text(404, 'pages: /healthz /readyz /metrics');
    }
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function text(status: number, line: string): Reply {
  return { status, type: 'text/plain; charset=utf-8', body: `${line}\n` };
}

function json({ httpStatus, body }: { readonly httpStatus: number; readonly body: unknown }): Reply {
  return { status: httpStatus, type: 'application/json', body: `${JSON.stringify(body, undefined, 2)}\n` };
}
