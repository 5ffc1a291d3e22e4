import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { LinkProxy } from './link-proxy.js';

let server: Server;
let proxy: LinkProxy;
const sockets: Socket[] = [];

/** A server that answers with what it hears. */
beforeEach(async () => {
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  proxy = await LinkProxy.open('127.0.0.1', `127.0.0.1:${port}`);
});

afterEach(() => {
  proxy.close();
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
});

function dial(): Socket {
  const [host, port] = proxy.address.split(':');
  const socket = connect(Number(port), host);
  socket.on('error', () => undefined);
  sockets.push(socket);
  return socket;
}

async function echo(socket: Socket, bytes: Buffer): Promise<Buffer> {
  const heard: Buffer[] = [];
  socket.write(bytes);
  for (let length = 0; length < bytes.length; ) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    heard.push(chunk);
    length += chunk.length;
  }
  return Buffer.concat(heard);
}

test('a wire that is well, slow or narrow carries every byte as it is', async () => {
  const socket = dial();
  const bytes = Buffer.alloc(5_000, 'abc');
  expect(await echo(socket, bytes)).toEqual(bytes);
  proxy.become({ kind: 'slow', delayMs: 5 });
  expect(await echo(socket, bytes)).toEqual(bytes);
  proxy.become({ kind: 'narrow', bytesPerSecond: 1_000_000 });
  expect(await echo(socket, bytes)).toEqual(bytes);
});

test('a silent wire lets go of what it held once it is well again', async () => {
  const socket = dial();
  await echo(socket, Buffer.from('first'));
  proxy.become({ kind: 'silent' });
  const heard = once(socket, 'data') as Promise<[Buffer]>;
  socket.write('second');
  proxy.heal();
  expect((await heard)[0].toString()).toBe('second');
});

test('a cut wire breaks connections and takes no new ones', async () => {
  const socket = dial();
  await echo(socket, Buffer.from('first'));
  proxy.become({ kind: 'cut' });
  await once(socket, 'close');
  await once(dial(), 'close');
  proxy.heal();
  expect(await echo(dial(), Buffer.from('again'))).toEqual(Buffer.from('again'));
});

test('a wire that flips bits changes those that its seed says, and loses none', async () => {
  const bytes = Buffer.alloc(1_000);
  const heard: Buffer[] = [];
  for (const seed of [1, 1, 2]) {
    proxy.become({ kind: 'flipping', everyBytes: 50, seed });
    heard.push(await echo(dial(), bytes));
  }
  const [first, again, other] = heard;
  expect(first).toHaveLength(1_000);
  expect(first!.equals(bytes)).toBe(false);
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
});

test('whoever taps a wire sees every byte of both directions', async () => {
  proxy.close();
  let seen = 0;
  const { port } = server.address() as { port: number };
  proxy = await LinkProxy.open(
    '127.0.0.1',
    `127.0.0.1:${port}`,
    () =>
      ({ length }) =>
        void (seen += length),
  );
  await echo(dial(), Buffer.alloc(700));
  expect(seen).toBe(1_400);
});
