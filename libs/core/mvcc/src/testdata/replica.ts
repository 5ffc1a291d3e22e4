import { toHex } from '@caisson/base';
import { plaintextSide } from '@caisson/compliance';
import type { Store, WritableBatch } from '@caisson/contracts';
import { type Command, type CommandOutcome, TABLE } from '@caisson/formats';
import { MemoryStores } from '@caisson/store-memory';
import { compactSlice, VersionWriter } from '../index.js';

const APPLIED = Uint8Array.of(TABLE.local, 0xff);

/**
 * One store with its writer, and the part of an engine that a test needs: batches, an applied count,
 * restarts.
 */
export class Replica {
  readonly #stores = new MemoryStores();
  #plain!: Store;
  #writer!: VersionWriter;
  #batch: WritableBatch | undefined;
  /** Commands in the store or in the running batch. */
  applied = 0;

  static async open(): Promise<Replica> {
    const replica = new Replica();
    await replica.#open();
    return replica;
  }

  get store(): Store {
    return this.#plain;
  }

  get writer(): VersionWriter {
    return this.#writer;
  }

  async apply(commands: readonly Command[]): Promise<CommandOutcome[]> {
    this.#batch ??= this.#plain.batch();
    this.applied += commands.length;
    return this.#writer.apply(commands, this.#batch);
  }

  async write(options: { readonly sync: boolean } = { sync: true }): Promise<void> {
    const batch = this.#batch;
    if (batch === undefined) return;
    this.#batch = undefined;
    await batch.put(APPLIED, Uint8Array.of(this.applied >> 8, this.applied & 0xff)).write(options);
    this.#writer.written();
  }

  /** One slice of a few pairs between batches; says whether there is more. */
  async compact(pairs = 3): Promise<boolean> {
    await this.write();
    const batch = this.#plain.batch();
    const { more } = await compactSlice(this.#plain, batch, { pairs });
    if (batch.size > 0) await batch.write({ sync: false });
    return more;
  }

  /** Loses what was not synced; the caller replays from `applied` on. */
  async crash(): Promise<void> {
    this.#batch = undefined;
    this.#stores.crash();
    await this.#open();
  }

  /** Every replicated row: hex of the key → hex of the value. */
  async content(): Promise<Map<string, string>> {
    const rows = new Map<string, string>();
    const view = this.#plain.view();
    const cursor = view.scan({ from: new Uint8Array(0), to: Uint8Array.of(TABLE.local) });
    for (;;) {
      const pairs = await cursor.next();
      if (pairs.length === 0) break;
      for (const { key, value } of pairs) rows.set(toHex(key), toHex(value));
    }
    await view.close();
    return rows;
  }

  async #open(): Promise<void> {
    this.#plain = plaintextSide(await this.#stores.open('replica'));
    this.#writer = await VersionWriter.open(this.#plain);
    const row = await this.#plain.get(APPLIED);
    this.applied = row === undefined ? 0 : (row[0]! << 8) | row[1]!;
  }
}
