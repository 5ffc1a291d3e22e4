import { z } from 'zod';

const MEBIBYTE = 1024 * 1024;
const HostPort = z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, 'must look like host:port');
const Source = z.union([z.strictObject({ file: z.string() }), z.strictObject({ env: z.string() })]);

const Tls = z.strictObject({
  /** PEM files. The certificate carries the node's name and is shown to peers in both directions. */
  cert: z.string(),
  key: Source,
  /** Authorities that sign the certificates of this cluster's nodes, and of nothing else. */
  ca: z.string(),
});

const Limits = z.strictObject({
  /** Largest frame or question in either direction. Must exceed the largest proposal. */
  frameBytesMax: z
    .int()
    .min(MEBIBYTE)
    .max(512 * MEBIBYTE)
    .default(80 * MEBIBYTE),
  /** What may wait for one peer, in frames and in bytes. Frames that find no room are dropped. */
  queueFramesMax: z.int().min(1).max(1_000_000).default(16_384),
  queueBytesMax: z
    .int()
    .min(64 * 1024)
    .max(1024 * MEBIBYTE)
    .default(64 * MEBIBYTE),
  /** Frames share a message up to this size; one that is larger has its own. */
  batchBytesMax: z
    .int()
    .min(1024)
    .max(4 * MEBIBYTE)
    .default(256 * 1024),
  /** Questions of peers that may be open at once. */
  questionsMax: z.int().min(1).max(65_536).default(256),
  /** Chunks of a snapshot that may be on their way and not taken yet. */
  snapshotChunksAhead: z.int().min(1).max(16).default(4),
});

const Timing = z.strictObject({
  /** How long a peer may take to answer a connection with its Hello. */
  connectMs: z.int().min(100).max(60_000).default(5_000),
  /** First and longest pause before the next attempt; each is drawn between half and the whole. */
  backoffMsMin: z.int().min(10).max(60_000).default(100),
  backoffMsMax: z.int().min(10).max(600_000).default(3_000),
  /** A silent connection is tested this often, and given up after that long without an answer. */
  keepaliveMs: z.int().min(100).max(600_000).default(2_000),
  keepaliveTimeoutMs: z.int().min(100).max(600_000).default(4_000),
  /** How long a question may stay open when the asker sets no limit. */
  questionMs: z.int().min(100).max(3_600_000).default(60_000),
});

export const TransportGrpcConfig = z
  .strictObject({
    /** `host:port` on which peers reach this node; port 0 takes a free one. */
    listen: HostPort.default('127.0.0.1:7800'),
    /** What peers are told to dial, where it is not the address bound. */
    advertise: HostPort.optional(),
    tls: Tls.optional(),
    /** Allows plaintext beyond loopback. Health and logs keep saying so. */
    insecure: z.boolean().default(false),
    limits: Limits.prefault({}),
    timing: Timing.prefault({}),
  })
  .refine(({ listen, advertise }) => advertise !== undefined || !/^(0\.0\.0\.0|\[::\]):/.test(listen), {
    path: ['advertise'],
    message: 'is needed: nobody can dial the address of all interfaces',
  })
  .refine(({ timing }) => timing.backoffMsMin <= timing.backoffMsMax, {
    path: ['timing', 'backoffMsMax'],
    message: 'must not be below backoffMsMin',
  });

export type TransportGrpcConfig = z.output<typeof TransportGrpcConfig>;
