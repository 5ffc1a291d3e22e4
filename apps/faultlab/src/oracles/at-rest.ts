import { concatBytes } from '@caisson/base';
import { AesGcmCipher } from '@caisson/cipher-aes-gcm';
import type { KekProvider, LogEntry, Pair } from '@caisson/contracts';
import { OfflineReader } from '@caisson/encryption';
import {
  decodeKeyState,
  decodeProposal,
  EMPTY_KEY_STATE,
  ENVELOPE_V1,
  type KeyState,
  parseSidecar,
  SIDECAR_BYTES_MAX,
  splitValue,
  SYSTEM_KEYS,
  TABLE,
  tableRange,
} from '@caisson/formats';
import { NodeHashes } from '@caisson/platform-node';
import { DiskLogs, DiskStores, SimulatedDisk } from '@caisson/simulator';
import type { Machine } from '../cluster/machine.js';
import type { Findings } from './findings.js';

const GROUP = 1;
/** Envelopes that are held to no place but their own: all would tell no more. */
const MOVED_MAX = 24;
const parts = { ciphers: [new AesGcmCipher()], hashes: new NodeHashes() };

/** What lies on a disk, in copies that no node reads. */
interface Shelf {
  readonly sidecar: ReturnType<typeof parseSidecar>;
  readonly state: KeyState;
  readonly values: readonly Pair[];
  readonly entries: readonly LogEntry[];
}

/**
 * Opens everything that is sealed on the disk of a node, as whoever holds the disk and the KEK could, and
 * tries what must not open: without the KEK, at another place, as another kind of thing.
 */
export async function auditDisk(
  machine: Machine,
  keks: readonly KekProvider[],
  findings: Findings,
): Promise<void> {
  const shelf = await shelfOf(machine);
  if (shelf === undefined) return;
  const [reader, stranger] = [
    new OfflineReader({ ...parts, keks }),
    new OfflineReader({ ...parts, keks: [] }),
  ];
  for (const each of [reader, stranger]) {
    await each.loadSidecar(shelf.sidecar);
    await each.loadKeyState(shelf.state);
  }
  const audit = new Audit(reader, shelf, findings);
  audit.values();
  audit.entries();
  audit.purposes();
  audit.stranger(stranger);
  reader.close();
}

async function shelfOf({ directory, disk }: Machine): Promise<Shelf | undefined> {
  const copy = new SimulatedDisk();
  copy.restore(disk.platter.image);
  const bytes = await copy.read(copy.join(directory.encryptionPath, 'keys.json'), SIDECAR_BYTES_MAX);
  if (bytes === undefined) return undefined;
  const { log: logPath, store: storePath } = directory.group(GROUP);
  const store = await new DiskStores(copy).open(storePath);
  const view = store.view();
  const cursor = view.scan(tableRange(TABLE.versions));
  const values: Pair[] = [];
  for (let page = await cursor.next(); page.length > 0; page = await cursor.next()) values.push(...page);
  const row = await view.get(SYSTEM_KEYS.keyState);
  await view.close();
  await store.close();
  const log = await new DiskLogs(copy).open(logPath);
  const first = log.start.index + 1;
  const all = first > log.last ? [] : await log.read(first, log.last, Infinity);
  await log.close();
  return {
    sidecar: parseSidecar(bytes),
    state: row === undefined ? EMPTY_KEY_STATE : decodeKeyState(row),
    values: values.filter(({ value }) => splitValue(value).header.state === 'sealed'),
    entries: all.filter(isSealed),
  };
}

/** What a leader begins with has no data. */
function isSealed({ data, kind }: LogEntry): boolean {
  return kind === 'normal' && data.length > 0 && decodeProposal(data).kind === 'sealed';
}

class Audit {
  readonly #reader: OfflineReader;
  readonly #shelf: Shelf;
  readonly #findings: Findings;
  /** Keys whose bytes are to be nowhere any more. */
  readonly #erased: ReadonlySet<number>;
  /** Keys that seal each kind of thing here. */
  readonly #used = { values: new Set<number>(), entries: new Set<number>() };

  constructor(reader: OfflineReader, shelf: Shelf, findings: Findings) {
    this.#reader = reader;
    this.#shelf = shelf;
    this.#findings = findings;
    const { sidecar, state } = shelf;
    // What still refers to a retired key keeps its wrapping, until it is sealed anew.
    const isGone = (keyId: number) => {
      return !sidecar.keys.has(keyId) && state.keys.every((key) => key.keyId !== keyId);
    };
    this.#erased = new Set(state.retiredIds.filter(isGone));
  }

  values(): void {
    const { values } = this.#shelf;
    for (const [at, { key, value }] of values.entries()) {
      const { keyId, problem } = this.#reader.value(key, value);
      this.#opens('a value', keyId, problem);
      if (keyId !== undefined) this.#used.values.add(keyId);
      const other = values[at + 1];
      if (other === undefined || at >= MOVED_MAX) continue;
      this.#moved('a value of another key', this.#reader.value(other.key, value).problem);
    }
  }

  entries(): void {
    for (const [at, { data, index, term }] of this.#shelf.entries.entries()) {
      const { keyId, problem } = this.#reader.entry({ group: GROUP, term, index }, data);
      this.#opens('an entry', keyId, problem);
      if (keyId !== undefined) this.#used.entries.add(keyId);
      // Version 1 binds entries to no place.
      if (at >= MOVED_MAX || decodeProposal(data).body[0] === ENVELOPE_V1) continue;
      const places = [
        { group: GROUP, term, index: index + 1 },
        { group: GROUP, term: term + 1, index },
        { group: GROUP + 1, term, index },
      ];
      for (const place of places)
        this.#moved('an entry of another place', this.#reader.entry(place, data).problem);
    }
  }

  /** No key seals both values and entries, and neither opens as the other. */
  purposes(): void {
    const [value, entry] = [this.#shelf.values[0], this.#shelf.entries[0]];
    this.#findings.saw('E4', this.#used.values.size > 0 && this.#used.entries.size > 0);
    for (const keyId of this.#used.values)
      if (this.#used.entries.has(keyId))
        this.#findings.add('E4', `key ${keyId} seals both values and entries`);
    if (value === undefined || entry === undefined) return;
    const { headerBytes } = splitValue(value.value);
    const disguised = concatBytes(headerBytes, decodeProposal(entry.data).body);
    this.#findings.saw('E4');
    if (this.#reader.value(value.key, disguised).problem === undefined)
      this.#findings.add('E4', 'an entry of the log opens as a value');
  }

  stranger(reader: OfflineReader): void {
    const opened = this.#shelf.values.filter(({ key, value }) => reader.value(key, value).body !== undefined);
    this.#findings.saw('E7', this.#shelf.values.length > 0);
    if (opened.length > 0) this.#findings.add('E7', `${opened.length} values open without a KEK`);
  }

  #opens(what: string, keyId: number | undefined, problem: Error | undefined): void {
    this.#findings.saw('E7');
    this.#findings.saw('E18', this.#erased.size > 0);
    if (keyId !== undefined && this.#erased.has(keyId))
      this.#findings.add('E18', `${what} is sealed under key ${keyId}, which was erased`);
    else if (problem !== undefined && !this.#isGoing(keyId))
      this.#findings.add('E7', `${what} does not open at its own place: ${problem.message}`);
  }

  /** Retired, and not erased yet. */
  #isGoing(keyId: number | undefined): boolean {
    return keyId !== undefined && this.#shelf.state.retiredIds.includes(keyId);
  }

  #moved(what: string, problem: Error | undefined): void {
    this.#findings.saw('E7');
    if (problem === undefined) this.#findings.add('E7', `${what} opens as if it were there`);
  }
}
