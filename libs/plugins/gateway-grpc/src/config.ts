import { z } from 'zod';

const Role = z.enum(['reader', 'writer', 'operator', 'node']);
const Source = z.union([z.strictObject({ file: z.string() }), z.strictObject({ env: z.string() })]);

const Tls = z.strictObject({
  /** PEM files. The key may also come from the environment. */
  cert: z.string(),
  key: Source,
  /** Authorities whose client certificates are accepted. */
  ca: z.string().optional(),
  /** Refuse clients without a certificate (mutual TLS). Needs `ca`. */
  requireClientCertificate: z.boolean().default(false),
});

const Access = z.strictObject({
  /** Role of callers who present nothing. Default: operator on loopback without TLS, else none. */
  anonymous: Role.or(z.literal('none')).optional(),
  certificates: z.array(z.strictObject({ commonName: z.string().min(1), role: Role })).default([]),
  tokens: z.array(z.strictObject({ name: z.string().min(1), role: Role, token: Source })).default([]),
});

const Limits = z.strictObject({
  /** Largest message in either direction. Must exceed the largest value; a page of a scan always fits. */
  messageBytesMax: z
    .int()
    .min(2 * 1024 * 1024)
    .max(72 * 1024 * 1024)
    .default(16 * 1024 * 1024),
  /** Requests of one stream that may be in flight; the stream stops reading above it. */
  streamRequestsMax: z.int().min(1).max(65_536).default(1024),
  /** For requests that carry no deadline. */
  deadlineMs: z.int().min(1).max(3_600_000).default(30_000),
});

export const GatewayGrpcConfig = z
  .strictObject({
    /** `host:port`; port 0 takes a free one. */
    listen: z
      .string()
      .regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, 'must look like host:port')
      .default('127.0.0.1:7700'),
    tls: Tls.optional(),
    /** Allows plaintext on an address other machines can reach. Health and logs keep saying so. */
    insecure: z.boolean().default(false),
    access: Access.prefault({}),
    limits: Limits.prefault({}),
    reflection: z.boolean().default(true),
  })
  .refine((config) => !config.tls?.requireClientCertificate || config.tls.ca, {
    path: ['tls', 'ca'],
    message: 'is needed to check client certificates',
  })
  .refine((config) => config.access.certificates.length === 0 || config.tls?.requireClientCertificate, {
    path: ['access', 'certificates'],
    message: 'needs tls.requireClientCertificate: clients are not asked for a certificate otherwise',
  });

export type GatewayGrpcConfig = z.output<typeof GatewayGrpcConfig>;
