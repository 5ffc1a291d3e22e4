import type { Server } from '@grpc/grpc-js';
import type { Http2Server, ServerHttp2Session } from 'node:http2';

/**
 * What a peer may send before we have read it, over one call and over one connection. More than the 64 KiB of
 * the protocol, which a distant peer fills long before it hears that there is room; not much more, because
 * what is read while it is still in the processor's cache costs less.
 */
export const RECEIVE_WINDOW_BYTES = 1024 * 1024;

/**
 * Widens the windows of a bound server. The library has an option for callers alone, so this looks behind its
 * doors: with a version that has other rooms there, the windows stay as they were and a test fails.
 */
export function widenReceiveWindow(server: Server): void {
  const { http2Servers } = server as unknown as { readonly http2Servers?: ReadonlyMap<Http2Server, unknown> };
  for (const http2Server of http2Servers?.keys() ?? []) http2Server.on('session', widen);
}

function widen(session: ServerHttp2Session): void {
  session.setLocalWindowSize(RECEIVE_WINDOW_BYTES);
  session.settings({ initialWindowSize: RECEIVE_WINDOW_BYTES });
}
