import { type AuditedOrder, type AuditService, type Role, toCaissonError } from '@caisson/contracts';
import { encryptionProto } from '@caisson/formats';
import type { ServerCall } from '../open-calls.js';

export interface CallAuditParts {
  /** Without it nothing is recorded. */
  readonly audit: AuditService | undefined;
  /** The caller's name, also of one who may do nothing. */
  readonly nameOf: (call: ServerCall) => string;
  /** Throws unless the caller has the role. */
  readonly require: (role: Role, call: ServerCall) => void;
}

export interface RecordedCall extends ServerCall {
  readonly request: unknown;
  getPath(): string;
  getPeer(): string;
}

/** Calls of operators that order nothing. Whatever is not listed is recorded, also what comes later. */
const LOOKS: ReadonlySet<string> = new Set(['audit.read', 'encryption.verify', 'encryption.list-keks']);
const FIELD_CHARACTERS_MAX = 64;
/** Numbers of the protocol that have a name. */
const NAMES: Readonly<Record<string, readonly (string | undefined)[]>> = {
  purpose: [undefined, 'storage', 'raft'],
  action: [undefined, 'start', 'look', 'cancel'],
};

/**
 * Carries calls out, and has those of operators put on record: the beginning before anything is done, the end
 * before the caller is told, and refusals of people who may not order.
 */
export class CallAudit {
  constructor(private readonly parts: CallAuditParts) {}

  /** `signal` is the call's; where it aborted, its reason is how the call ended. */
  async carryOut<T>(role: Role, call: RecordedCall, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const { audit, require } = this.parts;
    const order = audit && role === 'operator' ? this.#orderOf(call) : undefined;
    try {
      require(role, call);
    } catch (error) {
      if (order) audit?.refused(order, toCaissonError(error).code);
      throw error;
    }
    if (!audit || !order) return work();
    const recorded = await audit.begin(order, { signal });
    let result: T;
    try {
      result = await work();
    } catch (error) {
      // How it failed is what the caller has to hear, whether or not it could be recorded.
      const failure = toCaissonError(signal.aborted ? signal.reason : error);
      await recorded.end(failure.code).catch(() => undefined);
      throw error;
    }
    await recorded.end('ok');
    return result;
  }

  #orderOf(call: RecordedCall): AuditedOrder | undefined {
    const what = nameOfCall(call.getPath());
    const fields = call.request as Readonly<Record<string, unknown>>;
    const isLook = LOOKS.has(what) || fields['dryRun'] === true || isRewriteLook(what, fields);
    if (isLook) return undefined;
    return { what, detail: inWords(fields), who: this.parts.nameOf(call), from: call.getPeer() };
  }
}

/** `/caisson.v1.Encryption/EnableRaftEnvelope` is `encryption.enable-raft-envelope`. */
export function nameOfCall(path: string): string {
  const [service = '', method = ''] = path.split('/').slice(-2);
  const noun = service.slice(service.lastIndexOf('.') + 1);
  const verb = method.replaceAll(/(?!^)([A-Z])/g, '-$1');
  return `${noun}.${verb}`.toLowerCase();
}

function isRewriteLook(what: string, { action }: Readonly<Record<string, unknown>>): boolean {
  const { REWRITE_ACTION_LOOK } = encryptionProto.RewriteAction;
  return what === 'encryption.rewrite' && action === REWRITE_ACTION_LOOK;
}

/** Names, numbers and flags of a request. Of bytes, which might be a secret, only how many there were. */
function inWords(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined && value !== '' && value !== false)
    .map(([name, value]) => `${name}=${NAMES[name]?.[Number(value)] ?? fieldInWords(value)}`)
    .join(' ');
}

function fieldInWords(value: unknown): string {
  if (value instanceof Uint8Array) return `(${value.length} bytes)`;
  if (Array.isArray(value)) return `[${value.map(fieldInWords).join(',')}]`;
  if (typeof value === 'object' && value !== null)
    return `{${inWords(value as Readonly<Record<string, unknown>>)}}`;
  const text = String(value).replaceAll(/[\p{Cc}\s]/gu, '_');
  return text.length > FIELD_CHARACTERS_MAX ? `${text.slice(0, FIELD_CHARACTERS_MAX)}…` : text;
}
