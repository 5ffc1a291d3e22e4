import type { EtcdClient } from '../etcd/etcd-client.js';
import { insistOn } from './insist.js';
import type { KvTarget } from './kv-target.js';

const ATTEMPT_MS = 2_000;

/** Puts and gets through the member that answered last, and through the next one when it does not. */
export function anyEtcdOf(clients: readonly EtcdClient[]): KvTarget {
  const insist = insistOn(clients);
  return {
    put: (key, value) => insist((client) => client.put(key, value, ATTEMPT_MS)),
    get: (key) => insist((client) => client.get(key, ATTEMPT_MS)),
    close: () => undefined,
  };
}
