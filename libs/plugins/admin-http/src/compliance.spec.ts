import { connect } from 'node:net';
import { SurfaceBench } from './testdata/surface.js';

let bench: SurfaceBench;

async function started(config?: unknown): Promise<SurfaceBench> {
  bench = new SurfaceBench(config);
  await bench.surface.start();
  return bench;
}

afterEach(() => bench.surface.stop());

describe('/healthz', () => {
  it('answers 200 in every phase and tells what each service says', async () => {
    await started();
    bench.phase = 'draining';
    bench.reports.set('engine-single', { status: 'failed', reason: 'halted' });
    bench.reports.set('store', { status: 'degraded', reason: 'slow' });
    const { status, headers, body } = await bench.get('/healthz');
    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
    expect(JSON.parse(body)).toEqual({
      phase: 'draining',
      status: 'failed',
      services: {
        'engine-single': { status: 'failed', reason: 'halted' },
        store: { status: 'degraded', reason: 'slow' },
      },
    });
  });
});

describe('/readyz', () => {
  it.each([
    ['starting', 'ok', 503],
    ['ready', 'ok', 200],
    ['ready', 'degraded', 200],
    ['ready', 'failed', 503],
    ['draining', 'ok', 503],
    ['failed', 'ok', 503],
  ] as const)('in phase %s with a service that is %s answers %i', async (phase, status, expected) => {
    await started();
    bench.phase = phase;
    bench.reports.set('service', { status });
    expect((await bench.get('/readyz')).status).toBe(expected);
  });
});

describe('/metrics', () => {
  it('prints instruments with their prefix and what the runtime knows of itself', async () => {
    await started();
    bench.meter.watchProcess();
    bench.meter.counter({ name: 'writes_total', help: 'Writes.', labels: ['group'] }).add(2, { group: '1' });
    const { status, headers, body } = await bench.get('/metrics?from=prometheus');
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(body).toContain('caisson_writes_total{group="1"} 2');
    expect(body).toMatch(/nodejs_eventloop_lag_p99_seconds \d/);
    bench.meter.clear();
  });
});

describe('the server', () => {
  it('has no other page, takes no other method and no body', async () => {
    await started();
    expect((await bench.get('/')).status).toBe(404);
    const posted = await bench.get('/healthz', { method: 'POST' });
    expect([posted.status, posted.headers['allow']]).toEqual([405, 'GET, HEAD']);
    const withBody = await bench.get('/healthz', {
      method: 'POST',
      send: 'x',
      headers: { 'content-length': '1' },
    });
    expect([withBody.status, withBody.headers['connection']]).toEqual([413, 'close']);
    const head = await bench.get('/healthz', { method: 'HEAD' });
    expect([head.status, head.body]).toEqual([200, '']);
  });

  it('refuses headers beyond its limit', async () => {
    await started({ limits: { headerBytes: 1024 } });
    expect((await bench.get('/healthz', { headers: { 'x-long': 'x'.repeat(2000) } })).status).toBe(431);
  });

  it('cuts off whoever does not finish a request', async () => {
    await started({ limits: { requestMs: 50 } });
    const socket = connect({ host: '127.0.0.1', port: bench.port });
    socket.write('GET /healthz HTTP/1.1\r\n');
    const answer = await new Promise<string>((resolve) => {
      let received = '';
      socket.on('data', (part) => (received += part.toString()));
      socket.on('close', () => resolve(received));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 408/);
  });

  it('stops although a connection stays open, and can be stopped twice', async () => {
    await started();
    const socket = connect({ host: '127.0.0.1', port: bench.port });
    await new Promise((resolve) => socket.on('connect', resolve));
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => undefined);
    await bench.surface.stop();
    await closed;
    await bench.surface.stop();
  });

  it('answers 500 without details when a page fails', async () => {
    await started();
    bench.reports.entries = () => {
      throw new TypeError('secret');
    };
    bench.reports[Symbol.iterator] = bench.reports.entries;
    const { status, body } = await bench.get('/healthz');
    expect(status).toBe(500);
    expect(body).not.toContain('secret');
    expect(bench.lines).toContainEqual({ level: 'error', message: 'an admin page failed' });
  });
});

describe('the address', () => {
  it('tells the port actually bound', async () => {
    await started();
    expect(bench.surface.addresses).toEqual([`127.0.0.1:${bench.port}`]);
    expect(bench.port).toBeGreaterThan(0);
  });

  it('that is taken is ADDRESS_IN_USE', async () => {
    await started();
    const second = new SurfaceBench({ listen: bench.surface.addresses[0] });
    await expect(second.surface.start()).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' });
    await second.surface.stop();
  });

  it('of another machine is ADDRESS_UNAVAILABLE', async () => {
    bench = new SurfaceBench({ listen: '192.0.2.1:7701', insecure: true });
    await expect(bench.surface.start()).rejects.toMatchObject({ code: 'ADDRESS_UNAVAILABLE' });
  });

  it('that others can reach needs TLS or a word', async () => {
    bench = new SurfaceBench({ listen: '0.0.0.0:0' });
    await expect(bench.surface.start()).rejects.toMatchObject({ code: 'INSECURE_ADDRESS' });
    await started({ listen: '0.0.0.0:0', insecure: true });
    bench.clock.advance(2 * 3_600_000);
    expect(bench.lines.filter(({ level }) => level === 'warn')).toHaveLength(3);
    expect(bench.surface.healthReport()).toMatchObject({ status: 'degraded' });
    await bench.surface.stop();
    expect(bench.clock.waiting).toBe(0);
  });
});
