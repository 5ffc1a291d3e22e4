import { z } from 'zod';

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

export const AdminHttpConfig = z
  .strictObject({
    /** `host:port`; port 0 takes a free one. */
    listen: z
      .string()
      .regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, 'must look like host:port')
      .refine((listen) => Number(listen.slice(listen.lastIndexOf(':') + 1)) < 65_536, 'has no such port')
      .default('127.0.0.1:7701'),
    tls: Tls.optional(),
    /** Allows plaintext on an address other machines can reach. Health and logs keep saying so. */
    insecure: z.boolean().default(false),
    limits: z
      .strictObject({
        connections: z.int().min(1).max(65_536).default(64),
        headerBytes: z.int().min(1024).max(65_536).default(8192),
        /** From the first byte of a request to its last. */
        requestMs: z.int().min(10).max(600_000).default(5_000),
        idleMs: z.int().min(10).max(600_000).default(30_000),
      })
      .prefault({}),
  })
  .prefault({})
  .refine((config) => !config.tls?.requireClientCertificate || config.tls.ca, {
    path: ['tls', 'ca'],
    message: 'is needed to check client certificates',
  });

export type AdminHttpConfig = z.output<typeof AdminHttpConfig>;
