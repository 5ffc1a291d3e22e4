import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 10;
const PATIENCE_MS = 60_000;

/** Makes calls through the client that worked last, and through the next one as often as that fails. */
export function insistOn<Client>(clients: readonly Client[]) {
  let at = 0;
  return async <T>(call: (client: Client) => Promise<T>): Promise<T> => {
    const end = performance.now() + PATIENCE_MS;
    for (;;) {
      const tried = at;
      try {
        return await call(clients[tried]!);
      } catch (error) {
        if (performance.now() > end) throw error;
        // Many calls fail at once; the first of them moves on for all.
        if (at === tried) at = (tried + 1) % clients.length;
        await sleep(PAUSE_MS);
      }
    }
  };
}
