/**
 * The unary messages of `caisson.v1.Kv` and the requests and answers of `KvService`, in each other's terms.
 */
import {
  CaissonError,
  type Condition,
  type Consistency,
  type Expectation,
  type GetRequest,
  type GetResponse,
  type Mutation,
  type ScanRequest,
  type ScanResponse,
  type WriteRequest,
  type WriteResponse,
} from '@caisson/contracts';
import { proto } from '@caisson/formats';

export function toGetRequest({ key, ts, consistency }: proto.GetRequest): GetRequest {
  return { key, ...(ts !== undefined && { ts }), ...consistencyOf(consistency) };
}

export function fromGetResponse({ found, readTs, staleMs }: GetResponse): proto.GetResponse {
  return { found, readTs, staleMs: Math.ceil(staleMs) };
}

export function toScanRequest(request: proto.ScanRequest): ScanRequest {
  const { from, to, reverse, limit, keysOnly, ts, continuation } = request;
  return {
    from,
    reverse,
    keysOnly,
    ...(to !== undefined && { to }),
    ...(limit > 0 && { limit }),
    ...(ts !== undefined && { ts }),
    ...(continuation.length > 0 && { continuation }),
    ...consistencyOf(request.consistency),
  };
}

export function fromScanResponse({ pairs, continuation, readTs, staleMs }: ScanResponse): proto.ScanResponse {
  return {
    pairs: pairs.map(({ key, value, commitTs }) => ({ key, value, commitTs })),
    continuation: continuation ?? new Uint8Array(0),
    readTs,
    staleMs: Math.ceil(staleMs),
  };
}

export function toWriteRequest(request: proto.WriteRequest): WriteRequest {
  const { mutations, conditions, requestId, startTs, readKeys, readRanges } = request;
  return {
    mutations: mutations.map(toMutation),
    conditions: conditions.map(toCondition),
    ...(requestId.length > 0 && { requestId }),
    ...(startTs !== undefined && { startTs }),
    readKeys,
    readRanges: readRanges.map(({ from, to }) => ({ from, ...(to !== undefined && { to }) })),
  };
}

export function toPrefixWrite({ prefix, limit, requestId }: proto.DeletePrefixRequest): WriteRequest {
  const mutation: Mutation = { op: 'deletePrefix', prefix, ...(limit > 0 && { limit }) };
  return { mutations: [mutation], ...(requestId.length > 0 && { requestId }) };
}

export function fromWriteResponse(response: WriteResponse): proto.WriteResponse {
  if (response.kind === 'committed') {
    const { commitTs, deleted, more } = response;
    return { outcome: { $case: 'committed', value: { commitTs, deleted, more } } };
  }
  if (response.kind === 'conflict')
    return { outcome: { $case: 'conflict', value: { keyHash: response.keyHash } } };
  const { condition, currentTs } = response;
  return { outcome: { $case: 'failed', value: { condition, currentTs } } };
}

function consistencyOf(consistency: proto.Consistency): { consistency?: Consistency } {
  if (consistency === proto.Consistency.CONSISTENCY_STALE) return { consistency: 'stale' };
  return {};
}

function toMutation({ op }: proto.Mutation): Mutation {
  if (op === undefined) throw missing('mutations.op');
  if (op.$case === 'delete') return { op: 'delete', key: op.value.key };
  if (op.$case === 'deletePrefix') {
    const { prefix, limit } = op.value;
    return { op: 'deletePrefix', prefix, ...(limit > 0 && { limit }) };
  }
  const { key, value, ttlMs } = op.value;
  return {
    op: 'put',
    key,
    value,
    ...(ttlMs !== undefined && { ttlMs: safeNumber(ttlMs, 'mutations.ttl_ms') }),
  };
}

function toCondition({ key, expect }: proto.Condition): Condition {
  if (expect === undefined) throw missing('conditions.expect');
  return { key, expect: toExpectation(expect) };
}

function toExpectation(expect: NonNullable<proto.Condition['expect']>): Expectation {
  if (expect.$case === 'value') return { kind: 'value', value: expect.value };
  if (expect.$case === 'version') return { kind: 'version', ts: expect.value };
  return { kind: expect.$case };
}

function safeNumber(value: bigint, field: string): number {
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw new CaissonError('INVALID_ARGUMENT', { field, limit: Number.MAX_SAFE_INTEGER, value });
}

function missing(field: string): CaissonError {
  return new CaissonError('INVALID_ARGUMENT', { field, limit: 'must be set' });
}
