import { ChainWalk } from '@caisson/audit';
import { type Hashes, isCaissonError, type RaftLog, type UntrustedStore } from '@caisson/contracts';
import type { OfflineReader } from '@caisson/encryption';
import {
  AUDIT_HEAD_KEY,
  AUDIT_START,
  auditLineRange,
  type CutoverProgress,
  decodeAuditHead,
  decodeAuditLineKey,
  decodeAuditRow,
  decodeCutoverProgress,
  decodeKeyState,
  decodeVersionKey,
  EMPTY_KEY_STATE,
  type KeyState,
  SYSTEM_KEYS,
  TABLE,
  tableRange,
} from '@caisson/formats';

/** What of a group's values and entries is as it should be, and what is not. */
export interface GroupCheck {
  readonly group: number;
  /** Sealed ones that opened, each at its place. */
  opened: number;
  /** Sealed ones whose key is not here: without a KEK all of them. */
  unopened: number;
  /** Sealed ones that are damaged, moved or edited although their key is here. */
  damaged: number;
  clear: Record<ClearWhy, number>;
  entriesOpened: number;
  entriesUnopened: number;
  entriesDamaged: number;
  entriesClear: Record<ClearEntryWhy, number>;
  auditLines: number;
}

export type ClearWhy =
  | 'never turned on'
  | 'before the cutover'
  | 'tombstone'
  | 'after the cutover'
  | 'tombstone in sealed mode'
  | 'intent';
export type ClearEntryWhy =
  | 'never turned on'
  | 'up to the cutover'
  | 'refused at the cutover'
  | 'after the cutover';

export interface CheckedGroup {
  readonly id: number;
  readonly store: UntrustedStore;
  readonly log: RaftLog;
}

export interface CheckParts {
  readonly reader: OfflineReader;
  readonly hashes: Hashes;
  readonly signal: AbortSignal;
  /** Told of what is wrong, without a key of users in it. */
  onFinding(text: string): void;
  onBytes(bytes: number): void;
}

const PAGE = { pairs: 256, bytes: 1024 * 1024 };

/** Opens every value and every entry of a group, or looks at their structure where their key is not here. */
export async function checkGroup(group: CheckedGroup, parts: CheckParts): Promise<GroupCheck> {
  return new GroupChecker(group, parts).run();
}

class GroupChecker {
  readonly #group: CheckedGroup;
  readonly #parts: CheckParts;
  readonly #found: GroupCheck;
  #keys: KeyState = EMPTY_KEY_STATE;
  #progress: CutoverProgress | undefined;

  constructor(group: CheckedGroup, parts: CheckParts) {
    this.#group = group;
    this.#parts = parts;
    this.#found = {
      group: group.id,
      opened: 0,
      unopened: 0,
      damaged: 0,
      clear: {
        'never turned on': 0,
        'before the cutover': 0,
        tombstone: 0,
        'after the cutover': 0,
        'tombstone in sealed mode': 0,
        intent: 0,
      },
      entriesOpened: 0,
      entriesUnopened: 0,
      entriesDamaged: 0,
      entriesClear: {
        'never turned on': 0,
        'up to the cutover': 0,
        'refused at the cutover': 0,
        'after the cutover': 0,
      },
      auditLines: 0,
    };
  }

  async run(): Promise<GroupCheck> {
    await this.#readState();
    for (const table of [TABLE.versions, TABLE.locks]) {
      await this.#eachRow(tableRange(table), (key, value) => this.#value(key, value));
    }
    await this.#entries();
    await this.#record();
    this.#tell();
    return this.#found;
  }

  async #readState(): Promise<void> {
    const view = this.#group.store.view();
    try {
      const [state, progress] = [
        await view.get(SYSTEM_KEYS.keyState),
        await view.get(SYSTEM_KEYS.cutoverProgress),
      ];
      if (state !== undefined) this.#keys = decodeKeyState(state);
      if (progress !== undefined) this.#progress = decodeCutoverProgress(progress);
    } finally {
      await view.close();
    }
  }

  async #eachRow(
    range: { readonly from: Uint8Array; readonly to?: Uint8Array },
    look: (key: Uint8Array, value: Uint8Array) => void,
  ): Promise<void> {
    const view = this.#group.store.view();
    try {
      const cursor = view.scan(range);
      for (let pairs = await cursor.next(PAGE); pairs.length > 0; pairs = await cursor.next(PAGE)) {
        this.#parts.signal.throwIfAborted();
        let bytes = 0;
        for (const { key, value } of pairs) {
          look(key, value);
          bytes += key.length + value.length;
        }
        this.#parts.onBytes(bytes);
      }
    } finally {
      await view.close();
    }
  }

  #value(key: Uint8Array, stored: Uint8Array): void {
    try {
      const { header, keyId, problem } = this.#parts.reader.value(key, stored);
      if (header.state === 'clear') this.#found.clear[this.#clearWhy(key, header.tombstone)]++;
      else if (problem === undefined) this.#found.opened++;
      else if (keyId !== undefined && !this.#parts.reader.keyIds.includes(keyId)) this.#found.unopened++;
      else this.#found.damaged++;
    } catch (error) {
      if (!isCaissonError(error)) throw error;
      this.#found.damaged++;
    }
  }

  #clearWhy(key: Uint8Array, isTombstone: boolean): ClearWhy {
    const { sealedModeIndex, sealedModeTs, storageEnvelopeActive, storageCutoverTs } = this.#keys;
    if (!storageEnvelopeActive) return isTombstone ? 'tombstone' : 'never turned on';
    if (key[0] !== TABLE.versions) return 'intent';
    const { commitTs } = decodeVersionKey(key);
    if (isTombstone)
      return sealedModeIndex !== 0 && commitTs > sealedModeTs ? 'tombstone in sealed mode' : 'tombstone';
    return commitTs > storageCutoverTs ? 'after the cutover' : 'before the cutover';
  }

  async #entries(): Promise<void> {
    const { log } = this.#group;
    let sealedSeen = false;
    for (let next = log.start.index + 1; next <= log.last; ) {
      this.#parts.signal.throwIfAborted();
      const entries = await log.read(next, log.last, PAGE.bytes);
      for (const { index, term, kind, data } of entries) {
        next = index + 1;
        this.#parts.onBytes(data.length);
        if (kind !== 'normal' || data.length === 0) continue;
        sealedSeen = this.#entry({ index, term }, data, sealedSeen) || sealedSeen;
      }
    }
  }

  /** Answers whether it was sealed. */
  #entry(
    at: { readonly index: number; readonly term: number },
    data: Uint8Array,
    sealedSeen: boolean,
  ): boolean {
    const { reader } = this.#parts;
    try {
      const { kind, keyId, problem } = reader.entry({ group: this.#group.id, ...at }, data);
      if (kind === 'clear') this.#found.entriesClear[this.#clearEntryWhy(at, sealedSeen)]++;
      else if (problem === undefined) this.#found.entriesOpened++;
      else if (keyId !== undefined && !reader.keyIds.includes(keyId)) this.#found.entriesUnopened++;
      else this.#found.entriesDamaged++;
      return kind === 'sealed';
    } catch (error) {
      if (!isCaissonError(error)) throw error;
      this.#found.entriesDamaged++;
      return false;
    }
  }

  /** In the term of the cutover a leader may have appended clear entries behind it: they had no effect. */
  #clearEntryWhy(
    { index, term }: { readonly index: number; readonly term: number },
    sealedSeen: boolean,
  ): ClearEntryWhy {
    const { raftEnvelopeActive, raftCutoverIndex } = this.#keys;
    if (!raftEnvelopeActive) return 'never turned on';
    if (index <= raftCutoverIndex) return 'up to the cutover';
    return !sealedSeen && term === this.#progress?.term ? 'refused at the cutover' : 'after the cutover';
  }

  async #record(): Promise<void> {
    const walk = new ChainWalk(this.#parts.hashes);
    await this.#eachRow(auditLineRange(0), (key, value) => {
      const number = decodeAuditLineKey(key);
      try {
        walk.take(number, decodeAuditRow(value));
      } catch (error) {
        if (!isCaissonError(error)) throw error;
        walk.fail(number, 'cannot be read');
      }
    });
    const view = this.#group.store.view();
    try {
      const head = await view.get(AUDIT_HEAD_KEY);
      const broken = walk.meet(head === undefined ? AUDIT_START : decodeAuditHead(head), 'the head row');
      if (broken) this.#say(`line ${broken.number} of the record of orders ${broken.problem}`);
    } finally {
      await view.close();
    }
    this.#found.auditLines = walk.head.count;
  }

  #tell(): void {
    const { damaged, entriesDamaged, clear, entriesClear, unopened, entriesUnopened } = this.#found;
    const { reader } = this.#parts;
    if (damaged > 0) this.#say(`${damaged} values are damaged, moved or edited`);
    if (entriesDamaged > 0) this.#say(`${entriesDamaged} log entries are damaged, moved or edited`);
    for (const why of ['after the cutover', 'tombstone in sealed mode'] as const)
      if (clear[why] > 0) this.#say(`${clear[why]} values are clear: ${why}`);
    if (entriesClear['after the cutover'] > 0)
      this.#say(`${entriesClear['after the cutover']} log entries are clear: after the cutover`);
    const lost = reader.keyIds.length > 0 ? unopened + entriesUnopened : 0;
    if (lost > 0) this.#say(`${lost} values and log entries are under keys that are not here`);
  }

  #say(text: string): void {
    this.#parts.onFinding(`group ${this.#group.id}: ${text}`);
  }
}
