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
  const { listen, advertise = listen, tls, insecure } = section;
  if (typeof listen !== 'string' || typeof advertise !== 'string')
    return 'the address is the default of the plugin';
  checkAddresses(listen, advertise);
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
