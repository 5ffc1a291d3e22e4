import { ByteReader, invariant } from '@caisson/base';
import { decodeAll, fits } from '../decoding.js';

/** What a request on a client stream asks for. */
export const OP = Object.freeze({
  get: 0x01,
  write: 0x02,
  scan: 0x03,
  begin: 0x04,
  /** Gives up the request of the same id. Not answered; its answer may still arrive. */
  cancel: 0x0f,
});

export const STATUS = Object.freeze({ ok: 0x00, error: 0x01 });

/** A request inside a frame. Ids are the client's; an id is free again once it is answered. */
export interface RequestMessage {
  readonly id: number;
  readonly op: number;
  /** Milliseconds the client will wait from now; 0 for no limit. */
  readonly deadlineMs: number;
  readonly body: Uint8Array;
}

export interface ResponseMessage {
  readonly id: number;
  readonly status: number;
  /** The answer of the request's op, or an error (`decodeWireError`). */
  readonly body: Uint8Array;
}

const LENGTH_BYTES = 4;
const REQUEST_HEADER_BYTES = 9;
const RESPONSE_HEADER_BYTES = 5;

/**
 * Packs requests into one frame, at least one: `count × (length u32 ‖ id u32 ‖ op u8 ‖ deadline_ms u32 ‖
 * body)`, where the length counts what follows it. They share a frame because a frame costs the transport
 * more than a request does.
 */
export function encodeRequests(requests: readonly RequestMessage[]): Uint8Array {
  const frame = allocate(requests, REQUEST_HEADER_BYTES);
  const view = new DataView(frame.buffer);
  let at = 0;
  for (const { id, op, deadlineMs, body } of requests) {
    view.setUint32(at, REQUEST_HEADER_BYTES + body.length);
    view.setUint32(at + 4, fits(id, 32, 'id'));
    view.setUint8(at + 8, fits(op, 8, 'op'));
    view.setUint32(at + 9, fits(deadlineMs, 32, 'deadlineMs'));
    frame.set(body, at + LENGTH_BYTES + REQUEST_HEADER_BYTES);
    at += LENGTH_BYTES + REQUEST_HEADER_BYTES + body.length;
  }
  return frame;
}

/**
 * The requests of a frame, in order. Bodies are windows into the frame, which must not change until they are
 * decoded; decoding copies. An op that is not known is answered, not refused here.
 */
export function decodeRequests(frame: Uint8Array): readonly RequestMessage[] {
  return decodeAll('MESSAGE_MALFORMED', frame, readRequests);
}

/** `count × (length u32 ‖ id u32 ‖ status u8 ‖ body)`. */
export function encodeResponses(responses: readonly ResponseMessage[]): Uint8Array {
  const frame = allocate(responses, RESPONSE_HEADER_BYTES);
  const view = new DataView(frame.buffer);
  let at = 0;
  for (const { id, status, body } of responses) {
    view.setUint32(at, RESPONSE_HEADER_BYTES + body.length);
    view.setUint32(at + 4, fits(id, 32, 'id'));
    view.setUint8(at + 8, fits(status, 8, 'status'));
    frame.set(body, at + LENGTH_BYTES + RESPONSE_HEADER_BYTES);
    at += LENGTH_BYTES + RESPONSE_HEADER_BYTES + body.length;
  }
  return frame;
}

/** The responses of a frame, in order, with bodies as in `decodeRequests`. */
export function decodeResponses(frame: Uint8Array): readonly ResponseMessage[] {
  return decodeAll('MESSAGE_MALFORMED', frame, readResponses);
}

/** What a request of this body takes inside a frame. */
export function requestBytes(body: Uint8Array): number {
  return LENGTH_BYTES + REQUEST_HEADER_BYTES + body.length;
}

/** What a response of this body takes inside a frame. */
export function responseBytes(body: Uint8Array): number {
  return LENGTH_BYTES + RESPONSE_HEADER_BYTES + body.length;
}

function allocate(messages: readonly { readonly body: Uint8Array }[], headerBytes: number): Uint8Array {
  let bytes = 0;
  for (const { body } of messages) bytes += LENGTH_BYTES + headerBytes + body.length;
  invariant('FMT-1', messages.length > 0 && bytes <= 0xffff_ffff, 'frame size');
  return new Uint8Array(bytes);
}

function readRequests(reader: ByteReader): readonly RequestMessage[] {
  const requests: RequestMessage[] = [];
  do {
    const message = new ByteReader(reader.view(reader.u32('length'), 'message'));
    const id = message.u32('id');
    const op = message.u8('op');
    const deadlineMs = message.u32('deadlineMs');
    requests.push({ id, op, deadlineMs, body: message.view(message.remaining, 'body') });
  } while (reader.remaining > 0);
  return requests;
}

function readResponses(reader: ByteReader): readonly ResponseMessage[] {
  const responses: ResponseMessage[] = [];
  do {
    const message = new ByteReader(reader.view(reader.u32('length'), 'message'));
    const id = message.u32('id');
    const status = message.u8('status');
    responses.push({ id, status, body: message.view(message.remaining, 'body') });
  } while (reader.remaining > 0);
  return responses;
}
