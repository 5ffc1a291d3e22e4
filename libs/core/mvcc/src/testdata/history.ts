import { compareBytes, fnv1a64, startsWith, toHex } from '@caisson/base';
import type { Timestamp } from '@caisson/contracts';
import type { Command, CommandOutcome, CommandResult, WriteCommand } from '@caisson/formats';

export interface HistoricVersion {
  readonly key: Uint8Array;
  readonly ts: Timestamp;
  readonly value: Uint8Array | undefined;
  readonly expireAt: Timestamp;
}

/**
 * The slow and obvious model: every version ever, in one list, and every question answered by looking at all.
 */
export class History {
  readonly versions: HistoricVersion[] = [];
  readonly requests = new Map<string, { ts: Timestamp; result: CommandResult }>();
  lastTs = 0n;
  floor = 0n;

  apply(command: Command): CommandOutcome {
    const id = command.kind === 'write' && command.requestId ? toHex(command.requestId) : undefined;
    const first = id === undefined ? undefined : this.requests.get(id);
    if (first !== undefined && first.ts >= this.floor) return first.result;
    if (command.commitTs <= this.lastTs)
      return { kind: 'refused', code: 'TIMESTAMP_BEHIND', bound: this.lastTs };
    if (command.kind === 'floor') {
      this.lastTs = command.commitTs;
      const floor = command.floor < command.commitTs ? command.floor : command.commitTs;
      if (floor > this.floor) this.floor = floor;
      return { kind: 'committed', commitTs: command.commitTs, deleted: 0, more: false };
    }
    if (command.startTs !== undefined) {
      if (command.startTs < this.floor) return { kind: 'refused', code: 'RESULT_EXPIRED', bound: this.floor };
      if (command.startTs > this.lastTs)
        return { kind: 'refused', code: 'INVALID_ARGUMENT', bound: this.lastTs };
    }
    const result = this.#conflict(command) ?? this.#failed(command) ?? this.#mutate(command);
    this.lastTs = command.commitTs;
    if (id !== undefined) this.requests.set(id, { ts: command.commitTs, result });
    return result;
  }

  /** Newest version at or below `ts`, dead or alive. */
  newest(key: Uint8Array, ts: Timestamp): HistoricVersion | undefined {
    let found: HistoricVersion | undefined;
    for (const version of this.versions) {
      if (compareBytes(version.key, key) === 0 && version.ts <= ts && (!found || version.ts >= found.ts))
        found = version;
    }
    return found;
  }

  read(key: Uint8Array, ts: Timestamp, expiryTs = ts): HistoricVersion | undefined {
    const found = this.newest(key, ts);
    return found === undefined || isDead(found, expiryTs) ? undefined : found;
  }

  keys(): Uint8Array[] {
    const keys = new Map(this.versions.map(({ key }) => [toHex(key), key]));
    return [...keys.values()].sort(compareBytes);
  }

  scan(from: Uint8Array, to: Uint8Array | undefined, ts: Timestamp, expiryTs = ts): HistoricVersion[] {
    return this.keys()
      .filter((key) => compareBytes(key, from) >= 0 && (to === undefined || compareBytes(key, to) < 0))
      .flatMap((key) => this.read(key, ts, expiryTs) ?? []);
  }

  /** What a finished compaction at the floor leaves: `hex of key @ timestamp`, sorted. */
  retained(): string[] {
    const kept = this.keys().flatMap((key) => {
      const anchor = this.newest(key, this.floor);
      return this.versions.filter((version) => {
        if (compareBytes(version.key, key) !== 0) return false;
        return version.ts > this.floor || (version === anchor && !isDead(version, this.floor));
      });
    });
    return kept.map(({ key, ts }) => `${toHex(key)}@${ts}`).sort();
  }

  #conflict({ startTs, commitTs, readKeys, readRanges, mutations }: WriteCommand): CommandResult | undefined {
    if (startTs === undefined) return undefined;
    const changed = (key: Uint8Array, isRead: boolean): boolean => {
      const newest = this.newest(key, this.lastTs);
      if (newest === undefined) return false;
      const expires = newest.expireAt > startTs && newest.expireAt <= commitTs;
      return newest.ts > startTs || (isRead && expires);
    };
    for (const key of readKeys) if (changed(key, true)) return { kind: 'conflict', keyHash: fnv1a64(key) };
    for (const mutation of mutations) {
      if (mutation.op === 'deletePrefix') {
        const hit = this.keys().some((key) => startsWith(key, mutation.prefix) && changed(key, false));
        if (hit) return { kind: 'conflict', keyHash: 0n };
      } else if (changed(mutation.key, false)) return { kind: 'conflict', keyHash: fnv1a64(mutation.key) };
    }
    for (const { from, to } of readRanges) {
      const within = (key: Uint8Array): boolean =>
        compareBytes(key, from) >= 0 && (to === undefined || compareBytes(key, to) < 0);
      if (this.keys().some((key) => within(key) && changed(key, true)))
        return { kind: 'conflict', keyHash: 0n };
    }
    return undefined;
  }

  #failed({ conditions, commitTs }: WriteCommand): CommandResult | undefined {
    for (const [condition, { key, expect }] of conditions.entries()) {
      const live = this.read(key, this.lastTs, commitTs);
      const holds =
        expect.kind === 'absent'
          ? live === undefined
          : live !== undefined &&
            (expect.kind === 'exists' ||
              (expect.kind === 'value' && compareBytes(expect.value, live.value!) === 0) ||
              (expect.kind === 'version' && expect.ts === live.ts));
      if (!holds) return { kind: 'failed', condition, ...(live && { currentTs: live.ts }) };
    }
    return undefined;
  }

  #mutate({ mutations, commitTs }: WriteCommand): CommandResult {
    let deleted = 0;
    let more = false;
    const add = (key: Uint8Array, value: Uint8Array | undefined, expireAt: Timestamp): void => {
      const same = this.versions.findIndex((v) => v.ts === commitTs && compareBytes(v.key, key) === 0);
      if (same >= 0) this.versions.splice(same, 1);
      this.versions.push({ key, ts: commitTs, value, expireAt });
    };
    for (const mutation of mutations) {
      if (mutation.op === 'put') {
        add(mutation.key, mutation.value, mutation.expireAt);
      } else if (mutation.op === 'delete') {
        if (this.read(mutation.key, commitTs) === undefined) continue;
        add(mutation.key, undefined, 0n);
        deleted += 1;
      } else {
        const live = this.keys().filter(
          (key) => startsWith(key, mutation.prefix) && this.read(key, commitTs),
        );
        for (const key of live.slice(0, mutation.limit)) add(key, undefined, 0n);
        deleted += Math.min(live.length, mutation.limit);
        more ||= live.length > mutation.limit;
      }
    }
    return { kind: 'committed', commitTs, deleted, more };
  }
}

function isDead(version: HistoricVersion, ts: Timestamp): boolean {
  return version.value === undefined || (version.expireAt !== 0n && version.expireAt <= ts);
}
