/**
 * The one table of layers: who may import whom, and which npm packages each layer may use.
 *
 * Read by ESLint's module-boundary rule, by tools/tidy, and copied (and checked) into docs/ARCHITECTURE.md.
 * `may` lists layers a layer may import in shipped code; `specs` lists what its specs may import on top;
 * `npm` lists the npm packages its shipped code may import. Layers marked `pure` compile without Node's
 * types: time, randomness, disk and network reach them as services.
 */

const TEST_BENCH = ['testing', 'plugin'];

/** @type {typeof import('./layers.mjs').LAYERS} */
export const LAYERS = {
  base: { pure: true, may: [], npm: [], why: 'bytes, codecs, checksums, assertions' },
  contracts: {
    pure: true,
    may: ['base'],
    npm: ['@standard-schema/spec'],
    why: 'what a plugin may provide or need',
  },
  formats: {
    pure: true,
    may: ['base', 'contracts'],
    npm: ['@bufbuild/protobuf'],
    why: 'bytes that two nodes or two versions must agree on',
  },
  disk: { may: ['contracts'], npm: ['rocksdb'], why: 'the database under the store and the log' },
  kernel: {
    may: ['base', 'contracts'],
    npm: ['inversify', 'reflect-metadata', 'yaml'],
    why: 'turns plugins and configuration into a running host',
  },
  'core-raft': {
    pure: true,
    may: ['base', 'contracts', 'formats'],
    specs: TEST_BENCH,
    npm: [],
    why: 'consensus',
  },
  'core-encryption': {
    pure: true,
    may: ['base', 'contracts', 'formats'],
    specs: TEST_BENCH,
    npm: [],
    why: 'the only door between plaintext and the store',
  },
  'core-mvcc': {
    pure: true,
    may: ['base', 'contracts', 'formats'],
    specs: TEST_BENCH,
    npm: [],
    why: 'versions',
  },
  'core-audit': {
    pure: true,
    may: ['base', 'contracts', 'formats'],
    specs: TEST_BENCH,
    npm: [],
    why: 'the record of what was ordered',
  },
  'core-kv': {
    pure: true,
    may: ['base', 'contracts', 'formats', 'core-mvcc', 'core-encryption', 'core-raft'],
    specs: TEST_BENCH,
    npm: [],
    why: 'operations and transactions',
  },
  'core-node': {
    pure: true,
    may: ['base', 'contracts', 'formats', 'core-mvcc', 'core-encryption', 'core-raft'],
    specs: TEST_BENCH,
    npm: [],
    why: 'the loop that drives log, transport and appliers',
  },
  plugin: {
    may: [
      'base',
      'contracts',
      'formats',
      'disk',
      'core-raft',
      'core-encryption',
      'core-mvcc',
      'core-audit',
      'core-kv',
      'core-node',
    ],
    specs: TEST_BENCH,
    npm: [
      '@grpc/grpc-js',
      '@grpc/proto-loader',
      '@grpc/reflection',
      'grpc-health-check',
      'pino',
      'pino-pretty',
      'prom-client',
      'rocksdb',
      'snappyjs',
      'zod',
    ],
    why: 'implementations of contracts',
  },
  client: {
    may: ['base', 'contracts', 'formats'],
    npm: ['@grpc/grpc-js'],
    why: 'what an application imports',
  },
  testing: {
    may: ['base', 'contracts', 'formats', 'kernel', 'testing'],
    npm: ['fast-check'],
    why: 'conformance kits and simulation',
  },
  app: {
    may: [
      'base',
      'contracts',
      'formats',
      'kernel',
      'core-raft',
      'core-encryption',
      'core-mvcc',
      'core-audit',
      'core-kv',
      'core-node',
      'plugin',
      'client',
      'testing',
      'app',
    ],
    npm: [
      'cli-progress',
      'cli-table3',
      'commander',
      'csv-parse',
      'rocksdb',
      'selfsigned',
      'yaml',
      'zod',
      '@grpc/grpc-js',
    ],
    why: 'what people run',
  },
  tool: {
    may: ['contracts'],
    npm: ['@nx/devkit', 'typescript'],
    why: 'guards and generators of the workspace',
  },
};

/** Depth of import, top to bottom, for the drawing in the docs. */
export const LAYER_ORDER = Object.keys(LAYERS).reverse();
