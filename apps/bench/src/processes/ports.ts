import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';

/** Ports nobody listens on, for servers that must be told theirs; all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers: Server[] = [];
  for (let at = 0; at < count; at++) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
  }
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) {
    server.close();
    await once(server, 'close');
  }
  return ports;
}
