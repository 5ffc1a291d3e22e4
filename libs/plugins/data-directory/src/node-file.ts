import { crc32c, fromHex, fromUtf8, toHex, toUtf8 } from '@caisson/base';
import { CaissonError, type NodeIdentity } from '@caisson/contracts';
import { CLUSTER_ID_BYTES } from '@caisson/formats';

/** The newest data directory this build reads, and the one it writes. */
export const DIRECTORY_FORMAT_VERSION = 1;
export const NODE_NAME_BYTES_MAX = 128;
export const NODE_FILE_BYTES_MAX = 4096;

const MEMBERS = ['birth', 'check', 'cluster_id', 'format', 'joined', 'name'];

export function encodeNodeFile(identity: NodeIdentity): Uint8Array {
  const file = {
    format: identity.format,
    name: identity.name,
    cluster_id: toHex(identity.clusterId),
    birth: identity.birth,
    ...(identity.joined === true ? { joined: true } : {}),
    check: checkOf(identity),
  };
  return toUtf8(`${JSON.stringify(file, null, 2)}\n`);
}

/**
 * What a node file says, or `DIRECTORY_FORMAT`. A newer format is told apart from damage: the first needs
 * another binary, the second a restored file.
 */
export function decodeNodeFile(bytes: Uint8Array): NodeIdentity {
  const file = parseObject(bytes);
  const format = file['format'];
  if (typeof format !== 'number' || !Number.isSafeInteger(format) || format < 1) throw damaged('format');
  if (format > DIRECTORY_FORMAT_VERSION) {
    throw new CaissonError('DIRECTORY_FORMAT', {
      file: 'node.json',
      format,
      newest: DIRECTORY_FORMAT_VERSION,
    });
  }
  for (const member of Object.keys(file))
    if (!MEMBERS.includes(member)) throw damaged(`unknown member ${member}`);
  const { name, birth, joined } = file;
  if (typeof name !== 'string' || !isNodeName(name)) throw damaged('name');
  if (birth !== 'encrypted' && birth !== 'clear') throw damaged('birth');
  if (joined !== undefined && joined !== true) throw damaged('joined');
  const identity = {
    format,
    name,
    clusterId: parseClusterId(file['cluster_id']),
    birth,
    ...(joined === true ? { joined } : {}),
  } satisfies NodeIdentity;
  if (file['check'] !== checkOf(identity)) throw damaged('check');
  return identity;
}

/** 1..128 bytes of well-formed UTF-8 without control characters, because names are shown to people. */
export function isNodeName(name: string): boolean {
  const bytes = toUtf8(name);
  if (bytes.length < 1 || bytes.length > NODE_NAME_BYTES_MAX) return false;
  return fromUtf8(bytes) === name && !/\p{Cc}/u.test(name);
}

/** CRC-32C over the members: a flipped byte must not become another node's name. */
function checkOf({ format, name, clusterId, birth, joined }: NodeIdentity): string {
  const covered = [format, name, toHex(clusterId), birth, ...(joined === true ? ['joined'] : [])];
  return crc32c(toUtf8(JSON.stringify(covered)))
    .toString(16)
    .padStart(8, '0');
}

function parseObject(bytes: Uint8Array): Record<string, unknown> {
  const text = fromUtf8(bytes);
  if (text === undefined) throw damaged('encoding');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw damaged('JSON');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw damaged('JSON');
  return parsed as Record<string, unknown>;
}

function parseClusterId(value: unknown): Uint8Array {
  const bytes = typeof value === 'string' ? fromHex(value) : undefined;
  if (bytes?.length !== CLUSTER_ID_BYTES) throw damaged('cluster_id');
  return bytes;
}

function damaged(problem: string): CaissonError {
  return new CaissonError('DIRECTORY_FORMAT', { file: 'node.json', problem });
}
