'use strict';

/**
 * The kinds of plugin: which contracts each provides, and the noun after which its classes are named.
 *
 * @typedef {{ token: string, noun: string }} Provided
 * @typedef {{ provides: Provided[] }} Kind
 */

/** @type {Readonly<Record<string, Kind>>} */
const KINDS = {
  store: { provides: [{ token: 'UntrustedStores', noun: 'Stores' }] },
  log: { provides: [{ token: 'RaftLogs', noun: 'Logs' }] },
  kek: { provides: [{ token: 'KekProvider', noun: 'Kek' }] },
  cipher: { provides: [{ token: 'Cipher', noun: 'Cipher' }] },
  compressor: { provides: [{ token: 'Compressor', noun: 'Compressor' }] },
  applier: { provides: [{ token: 'Applier', noun: 'Applier' }] },
  gateway: { provides: [{ token: 'Gateway', noun: 'Gateway' }] },
  admin: { provides: [{ token: 'AdminSurface', noun: 'Admin' }] },
  transport: { provides: [{ token: 'RaftTransport', noun: 'Transport' }] },
  engine: { provides: [{ token: 'ReplicationEngine', noun: 'Engine' }] },
  platform: {
    provides: ['Clock', 'Random', 'Hashes', 'Disk', 'Logger', 'Secrets'].map((token) => ({
      token,
      noun: token,
    })),
  },
};

module.exports = { KINDS };
