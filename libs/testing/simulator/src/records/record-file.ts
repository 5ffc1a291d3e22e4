import { ByteReader, ByteWriter, concatBytes, crc32c } from '@caisson/base';
import { CaissonError, type Disk, type DiskFile } from '@caisson/contracts';

/** A disk on which files can be opened again. */
export interface RecordDisk extends Disk {
  open(path: string): Promise<DiskFile>;
}

export interface RecordPlace {
  readonly disk: RecordDisk;
  readonly directory: string;
}

const HEAD = 'head';
const SLOT_BYTES = 512;
const SLOTS = 2;
const PREFIX_BYTES = 8;
const ANY_BYTES = Number.MAX_SAFE_INTEGER;

/** What was promised: this file, so far. */
interface Promised {
  readonly version: number;
  readonly file: number;
  readonly bytes: number;
}

/**
 * Records one behind the other, each bound to the one before, and beside them a head that says how far they
 * were promised.
 *
 * Up to there a record that is missing or wrong is `CORRUPTION`. What comes behind was never promised: the
 * first record that is not whole is where a crash came in between, and ends what there is.
 */
export class RecordFile {
  readonly #place: RecordPlace;
  #promised: Promised = { version: 0, file: 0, bytes: 0 };
  #records: DiskFile | undefined;
  #head: DiskFile | undefined;
  #end = 0;
  #chain = 0;
  #failure: unknown;
  #turn: Promise<void> = Promise.resolve();

  private constructor(place: RecordPlace) {
    this.#place = place;
  }

  /** `first` is the record of a file that begins; `onRecord` gets all that there are. */
  static async open(
    place: RecordPlace,
    first: () => Uint8Array,
    onRecord: (record: Uint8Array) => void,
  ): Promise<RecordFile> {
    const file = new RecordFile(place);
    if (await RecordFile.exists(place)) await file.#recover(onRecord);
    else await file.#begin(first(), onRecord);
    return file;
  }

  static async exists({ directory, disk }: RecordPlace): Promise<boolean> {
    return (await disk.status(disk.join(directory, HEAD))) !== undefined;
  }

  /** Leaves nothing that a crash could make look like records. */
  static async remove({ directory, disk }: RecordPlace): Promise<void> {
    if ((await disk.status(directory)) === undefined) return;
    await disk.remove(disk.join(directory, HEAD));
    await disk.syncDirectory(directory);
    await disk.remove(directory);
    await disk.syncDirectory(disk.join(directory, '..'));
  }

  /**
   * `onWritten` comes before whatever is called for next. After a failure nothing is known, and every further
   * call fails.
   */
  append(record: Uint8Array, sync: boolean, onWritten: () => void): Promise<void> {
    return this.#inTurn(async () => {
      const framed = this.#framed(record);
      await this.#records!.write(framed, this.#end);
      this.#end += framed.length;
      if (sync) await this.#promise();
      onWritten();
    });
  }

  /** Everything so far is promised. */
  sync(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#promised.bytes < this.#end) await this.#promise();
    });
  }

  /** One record in place of all, as they stand when it is its turn; a crash leaves those or this. */
  replace(record: () => Uint8Array, onWritten: () => void = () => undefined): Promise<void> {
    return this.#inTurn(async () => {
      const { directory, disk } = this.#place;
      const old = this.#promised.file;
      await this.#writeFile(old + 1, record());
      await this.#promise(old + 1);
      await disk.remove(this.#path(old));
      await disk.syncDirectory(directory);
      onWritten();
    });
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#records?.close();
    await this.#head?.close();
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(async () => {
      if (this.#failure !== undefined) throw this.#failure;
      try {
        await work();
      } catch (error) {
        this.#failure = error;
        throw error;
      }
    });
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #begin(record: Uint8Array, onRecord: (record: Uint8Array) => void): Promise<void> {
    const { directory, disk } = this.#place;
    await disk.remove(directory);
    await disk.makeDirectory(directory);
    await this.#writeFile(1, record);
    const head = disk.join(directory, HEAD);
    this.#promised = { version: 1, file: 1, bytes: this.#end };
    const file = await disk.create(`${head}.tmp`);
    await file.write(slotOf(this.#promised), SLOT_BYTES);
    await file.sync();
    await disk.rename(`${head}.tmp`, head);
    this.#head = file;
    for (let path = directory; path !== '/'; path = disk.join(path, '..')) await disk.syncDirectory(path);
    await disk.syncDirectory('/');
    onRecord(record);
  }

  /** Durable under its name, before anything points to it. */
  async #writeFile(number: number, record: Uint8Array): Promise<void> {
    const { directory, disk } = this.#place;
    await this.#records?.close();
    await disk.remove(this.#path(number));
    this.#records = await disk.create(this.#path(number));
    this.#chain = number;
    const framed = this.#framed(record);
    await this.#records.write(framed, 0);
    await this.#records.sync();
    await disk.syncDirectory(directory);
    this.#end = framed.length;
  }

  async #promise(file = this.#promised.file): Promise<void> {
    const next = { version: this.#promised.version + 1, file, bytes: this.#end };
    await this.#records!.sync();
    await this.#head!.write(slotOf(next), (next.version % SLOTS) * SLOT_BYTES);
    await this.#head!.sync();
    this.#promised = next;
  }

  async #recover(onRecord: (record: Uint8Array) => void): Promise<void> {
    const { directory, disk } = this.#place;
    const head = disk.join(directory, HEAD);
    this.#promised = this.#newest((await disk.read(head, ANY_BYTES))!);
    const { bytes, file } = this.#promised;
    const found = await disk.read(this.#path(file), ANY_BYTES);
    if (found === undefined) throw this.#corruption('is missing');
    this.#chain = file;
    for (let record = this.#next(found); record !== undefined; record = this.#next(found)) onRecord(record);
    if (this.#end < bytes) throw this.#corruption('ends below what was promised');
    this.#head = await disk.open(head);
    this.#records = await disk.open(this.#path(file));
    for (const name of (await disk.list(directory)) ?? []) {
      const path = disk.join(directory, name);
      if (path !== head && path !== this.#path(file)) await disk.remove(path);
    }
    // What is read is believed, so it must outlive this process, too.
    await this.sync();
  }

  #next(found: Uint8Array): Uint8Array | undefined {
    if (found.length < this.#end + PREFIX_BYTES) return undefined;
    const reader = new ByteReader(found.subarray(this.#end));
    const [length, sum] = [reader.u32('length'), reader.u32('sum')];
    if (length > reader.remaining) return undefined;
    const record = reader.view(length, 'record');
    if (this.#sum(record) !== sum) return undefined;
    this.#chain = sum;
    this.#end += PREFIX_BYTES + length;
    return record;
  }

  #framed(record: Uint8Array): Uint8Array {
    this.#chain = this.#sum(record);
    return concatBytes(new ByteWriter(PREFIX_BYTES).u32(record.length).u32(this.#chain).done(), record);
  }

  /** Over the length, the sum of the record before, and the record. */
  #sum(record: Uint8Array): number {
    return crc32c(record, crc32c(new ByteWriter(PREFIX_BYTES).u32(record.length).u32(this.#chain).done()));
  }

  #newest(head: Uint8Array): Promised {
    const slots = Array.from({ length: SLOTS }, (_, slot) => promisedIn(head.subarray(slot * SLOT_BYTES)));
    const [newest] = slots.filter((slot) => slot !== undefined).sort((a, b) => b.version - a.version);
    if (newest === undefined) throw this.#corruption('has no head that is whole');
    return newest;
  }

  #path(number: number): string {
    return this.#place.disk.join(this.#place.directory, `records.${number}`);
  }

  #corruption(problem: string): CaissonError {
    return new CaissonError('CORRUPTION', { path: this.#place.directory, problem });
  }
}

function slotOf({ bytes, file, version }: Promised): Uint8Array {
  const slot = new ByteWriter(32).index(version).index(file).index(bytes);
  return slot.u32(crc32c(slot.done())).done();
}

function promisedIn(slot: Uint8Array): Promised | undefined {
  if (slot.length < 28) return undefined;
  const reader = new ByteReader(slot);
  const numbers = [reader.index('version'), reader.index('file'), reader.index('bytes')] as const;
  const [version, file, bytes] = numbers;
  return reader.u32('sum') === crc32c(slot.subarray(0, 24)) ? { version, file, bytes } : undefined;
}
