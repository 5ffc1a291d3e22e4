import { equalBytes } from '@caisson/base';
import type {
  Applier,
  ApplierGroup,
  ApplyEntry,
  ApplyOutcome,
  GroupApplier,
  Hashes,
  OpcodeRange,
  Store,
  StoreBatch,
} from '@caisson/contracts';
import {
  AUDIT_HEAD_KEY,
  AUDIT_START,
  auditLineKey,
  auditLineRange,
  type AuditHead,
  decodeAuditEntry,
  decodeAuditHead,
  decodeAuditLine,
  decodeAuditRow,
  encodeAuditHead,
  encodeAuditRow,
  OPCODES,
} from '@caisson/formats';
import { linkLine } from './chain.js';

/** The last opcode of the range that belongs to this applier; all but the first are kept for later. */
const LAST_OPCODE = 0x17;
/** A line is told from one proposed again among so many of the last ones. */
const REMEMBERED = 64;

type Digest = Pick<Hashes, 'sha256'>;

/** Appends lines to the record of a group. */
export class AuditApplier implements Applier {
  readonly id = 'audit';
  readonly opcodes: readonly OpcodeRange[] = [{ first: OPCODES.auditLine, last: LAST_OPCODE, alone: false }];
  readonly #hashes: Digest;

  constructor(hashes: Digest) {
    this.#hashes = hashes;
  }

  async open({ store }: ApplierGroup): Promise<GroupApplier> {
    const stored = await store.get(AUDIT_HEAD_KEY);
    const head = stored === undefined ? AUDIT_START : decodeAuditHead(stored);
    return new AuditGroupApplier(this.#hashes, head, await lastLines(store, head.count));
  }
}

class AuditGroupApplier implements GroupApplier {
  readonly #hashes: Digest;
  /** With what is not written yet: it ends in the store, or nothing is applied again. */
  #head: AuditHead;
  #recent: readonly Uint8Array[];

  constructor(hashes: Digest, head: AuditHead, recent: readonly Uint8Array[]) {
    this.#hashes = hashes;
    this.#head = head;
    this.#recent = recent;
  }

  apply({ index, payload }: ApplyEntry, batch: StoreBatch): ApplyOutcome {
    const line = decodeAuditEntry(payload);
    if (!this.#recent.some((known) => equalBytes(known, line))) this.#append(index, line, batch);
    return { kind: 'applied', result: encodeAuditHead(this.#head) };
  }

  written(): void {
    // Nothing is kept apart until then.
  }

  #append(index: number, line: Uint8Array, batch: StoreBatch): void {
    const { at } = decodeAuditLine(line);
    const { row, head } = linkLine(this.#hashes, this.#head, { at, index, line });
    batch.put(auditLineKey(head.count), encodeAuditRow(row));
    batch.put(AUDIT_HEAD_KEY, encodeAuditHead(head));
    this.#head = head;
    this.#recent = [...this.#recent.slice(1 - REMEMBERED), line];
  }
}

async function lastLines(store: Store, count: number): Promise<readonly Uint8Array[]> {
  const view = store.view();
  try {
    const lines: Uint8Array[] = [];
    const cursor = view.scan(auditLineRange(Math.max(1, count - REMEMBERED + 1)));
    for (let page = await cursor.next(); page.length > 0; page = await cursor.next())
      for (const { value } of page) lines.push(decodeAuditRow(value).line);
    return lines;
  } finally {
    await view.close();
  }
}
