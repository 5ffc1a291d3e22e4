import type { ConfigDocument } from '@caisson/kernel';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

interface TransportSection {
  readonly listen?: unknown;
  readonly advertise?: unknown;
  readonly insecure?: unknown;
  readonly tls?: { readonly cert?: unknown; readonly key?: unknown; readonly ca?: unknown };
}

const DEFAULT_LISTEN = '127.0.0.1:7800';
const WILDCARD = /^(0\.0\.0\.0|\[::\]):/;
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\]):/;
const DAY_MS = 86_400_000;
const DAYS_LEFT_MIN = 14;

/**
 * What would keep peers from each other although the configuration is valid. Answers what is fine in one
 * line, or throws in one line what is not, as the checks of the doctor do.
 */
export function checkTransport(document: ConfigDocument, directory: string, nowMs: number): string {
  const section = document['transport-grpc'] as TransportSection | false | undefined;
  if (!section) return 'no section transport-grpc: the node runs alone';
  const { listen = DEFAULT_LISTEN, advertise = listen, tls, insecure } = section;
  if (typeof listen !== 'string' || typeof advertise !== 'string')
    throw 'transport-grpc.listen is no address';
  checkAddresses(listen, advertise);
  checkClientAddress(document);
  if (tls) {
    const files = [tls.cert, (tls.key as { file?: unknown } | undefined)?.file, tls.ca];
    for (const file of files) if (typeof file === 'string') checkFile(resolve(directory, file));
    if (typeof tls.cert === 'string') checkExpiry(resolve(directory, tls.cert), nowMs);
    return `peers reach it at ${advertise}, with TLS`;
  }
  if (LOOPBACK.test(listen)) return `peers on this machine reach it at ${advertise}, without TLS`;
  if (insecure === true) return `peers reach it at ${advertise}, in PLAINTEXT as configured`;
  throw `transport-grpc.listen is ${listen} without tls: other machines could pose as peers`;
}

function checkAddresses(listen: string, advertise: string): void {
  if (WILDCARD.test(advertise))
    throw `peers are told ${advertise}, which nobody can dial: set transport-grpc.advertise`;
  if (advertise.endsWith(':0'))
    throw 'peers are told a port that changes with every start: set a fixed one in transport-grpc.listen';
  if (LOOPBACK.test(advertise) && !LOOPBACK.test(listen))
    throw `peers are told ${advertise}, which is another machine for each of them`;
}

/** Without it a client that asks a follower is not told where the leader is. */
function checkClientAddress(document: ConfigDocument): void {
  const { clientAddress } = (document['engine-raft'] ?? {}) as { clientAddress?: unknown };
  if (typeof clientAddress !== 'string' || clientAddress === '')
    throw 'clients cannot be sent to this node: set engine-raft.clientAddress';
  if (WILDCARD.test(clientAddress)) throw `clients are told ${clientAddress}, which nobody can dial`;
}

function checkFile(path: string): void {
  try {
    readFileSync(path);
  } catch {
    throw `${path} cannot be read`;
  }
}

function checkExpiry(path: string, nowMs: number): void {
  let validTo: number;
  try {
    validTo = Date.parse(new X509Certificate(readFileSync(path)).validTo);
  } catch {
    throw `${path} holds no certificate in PEM`;
  }
  const days = Math.floor((validTo - nowMs) / DAY_MS);
  if (days < 0) throw `${path} has expired`;
  if (days < DAYS_LEFT_MIN) throw `${path} expires in ${days} days`;
}
