import { Server, ServerCredentials } from '@grpc/grpc-js';
import { type ClientHttp2Session, connect } from 'node:http2';
import { listen } from './listen.js';
import { RECEIVE_WINDOW_BYTES, widenReceiveWindow } from './receive-window.js';

let server: Server;
let caller: ClientHttp2Session;

beforeEach(async () => {
  server = new Server();
  const address = await listen(server, '127.0.0.1:0', ServerCredentials.createInsecure());
  widenReceiveWindow(server);
  caller = connect(`http://${address}`);
});

afterEach(() => {
  caller.destroy();
  server.forceShutdown();
});

test('a caller may send more than the protocol lets it, over a call and over the connection', async () => {
  await new Promise<void>((resolve) => {
    caller.on('remoteSettings', ({ initialWindowSize }) => {
      if (initialWindowSize === RECEIVE_WINDOW_BYTES) resolve();
    });
  });
  // What was sent before the answer to a ping has arrived with it.
  await new Promise<void>((resolve) => void caller.ping(() => resolve()));
  expect(caller.state.remoteWindowSize).toBe(RECEIVE_WINDOW_BYTES);
});
