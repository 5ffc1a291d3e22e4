import { CaissonError } from '@caisson/contracts';
import { Option, type Command } from 'commander';
import { open, rename, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { Checkpoint } from '../data/checkpoint.js';
import { importRecords } from '../data/importer.js';
import { printRecord } from '../data/records.js';
import { formatOf, openSource, type DataFormat, type DataSource } from '../data/sources.js';
import { addAction, type ActionContext } from '../session/action.js';
import { addConnectionOptions, withClient, type ConnectionOptions } from '../session/connection.js';
import { parseBytes, printJson, type Output } from '../session/output.js';
import { Progress } from '../session/progress.js';

const CHECKPOINT_EVERY_MS = 1_000;
const WRITE_CHARS = 1024 * 1024;
const now = () => performance.now();

interface ImportOptions extends ConnectionOptions {
  readonly format?: DataFormat;
  readonly key?: string;
  readonly keyColumn?: string;
  readonly valueColumn?: string;
  readonly keyPrefix?: string;
  readonly batch: number;
  readonly inFlight: number;
  readonly restart?: boolean;
}

/** `import` and `export`: whole data sets, with progress. */
export function addTransferCommands(program: Command): void {
  addImport(program);
  addExport(program);
}

function addImport(program: Command): void {
  const command = addConnectionOptions(
    program
      .command('import')
      .description(
        'write every record of a file ("-" for standard input); run again to resume after a failure',
      )
      .argument('<file>')
      .addOption(
        new Option('--format <name>', 'default by the file’s name').choices(['jsonl', 'csv', 'lines']),
      )
      .option('--key-column <name>', 'csv: column that is the key (default: the first)')
      .option('--value-column <name>', 'csv: column that is the value (default: the whole row as JSON)')
      .option('--key-prefix <text>', 'lines: put before the number of the line', '')
      .option('--batch <n>', 'records written together, atomically', Number, 128)
      .option('--in-flight <n>', 'batches on their way at once', Number, 8)
      .option('--restart', 'begin at the first record, whatever an earlier run reached')
      .addHelpText(
        'after',
        `
JSON Lines: {"key": …, "value": …} with keyBase64 and valueBase64 for bytes that are not text.

Examples:
  $ caisson import data.jsonl
  $ caisson import words.csv --key-column word
  $ zcat dump.jsonl.gz | caisson import -`,
      ),
  );
  addAction<ImportOptions>(command, (context) =>
    withClient(context.options, async (client) => {
      const { args, options, output, signal } = context;
      const path = args[0]!;
      const format = options.format ?? formatOf(path);
      const source = await openSource({ path, format, ...columnsOf(options) });
      const checkpoint = checkpointOf(source, format, options);
      const skip = options.restart || !checkpoint ? 0 : await checkpoint.load();
      if (skip > 0) output.notes(`resuming after ${skip} records\n`);
      const tracker = new ImportTracker(output, source, checkpoint);
      tracker.startAt(skip);
      const { batch, inFlight } = options;
      const limits = { batchRecords: batch, batchesInFlight: inFlight, skip, signal };
      try {
        const records = await importRecords(client, source.records, {
          ...limits,
          onAcknowledged: (acknowledged) => tracker.onAcknowledged(acknowledged),
        });
        await tracker.succeed(records);
      } catch (error) {
        await tracker.fail();
        throw error;
      }
    }),
  );
}

function columnsOf({ keyColumn, valueColumn, keyPrefix }: ImportOptions) {
  return {
    ...(keyColumn !== undefined && { keyColumn }),
    ...(valueColumn !== undefined && { valueColumn }),
    ...(keyPrefix !== undefined && { keyPrefix }),
  };
}

function checkpointOf({ file }: DataSource, format: string, options: ImportOptions): Checkpoint | undefined {
  if (!file) return undefined;
  const { bytes, modifiedMs } = file;
  return new Checkpoint(file.path, { bytes, modifiedMs, format, address: options.address.join() });
}

/** Ties progress, checkpoint and final words of one import together. */
class ImportTracker {
  readonly #progress: Progress;
  #acknowledged = 0;
  #savedMs = now();
  #saving: Promise<void> = Promise.resolve();

  constructor(
    private readonly output: Output,
    private readonly source: DataSource,
    private readonly checkpoint: Checkpoint | undefined,
  ) {
    const estimate = source.file ? { total: 1 } : {};
    this.#progress = new Progress(output, { unit: 'records', now, ...estimate });
  }

  startAt(records: number): void {
    this.#acknowledged = records;
    this.#progress.startAt(records);
  }

  onAcknowledged(records: number): void {
    this.#acknowledged = records;
    this.#progress.update(records, this.#estimatedTotal());
    if (now() - this.#savedMs >= CHECKPOINT_EVERY_MS) this.#save();
  }

  async succeed(records: number): Promise<void> {
    this.#progress.finish(records);
    await this.#saving;
    await this.checkpoint?.remove();
    const seconds = this.#progress.elapsedMs / 1000;
    const perSecond = Math.round(this.#progress.ratePerSecond);
    if (this.output.json) printJson(this.output, { records, seconds, recordsPerSecond: perSecond });
    else this.output.notes(`${records} records in ${seconds.toFixed(1)} s, ${perSecond}/s\n`);
  }

  async fail(): Promise<void> {
    this.#progress.stop();
    this.#save();
    await this.#saving;
    if (this.checkpoint)
      this.output.notes(`${this.#acknowledged} records acknowledged; run again to resume\n`);
  }

  #save(): void {
    this.#savedMs = now();
    const records = this.#acknowledged;
    this.#saving = this.#saving.then(() => this.checkpoint?.save(records));
  }

  #estimatedTotal(): number | undefined {
    const read = this.source.bytesRead();
    if (!this.source.file || read === 0) return undefined;
    return Math.round((this.#acknowledged * this.source.file.bytes) / read);
  }
}

interface ExportOptions extends ConnectionOptions {
  readonly prefix?: string;
  readonly ts?: string;
}

function addExport(program: Command): void {
  const command = addConnectionOptions(
    program
      .command('export')
      .description('print every pair as JSON Lines, as of one moment; to a file, or to standard output')
      .argument('[file]')
      .option('--prefix <prefix>', 'only keys with this prefix')
      .option('--ts <timestamp>', 'as of this timestamp')
      .addHelpText(
        'after',
        `
Importing an export gives the same keys and values, byte for byte. Expiry times are not part of it.

Examples:
  $ caisson export backup.jsonl
  $ caisson export --prefix user/ | gzip > users.jsonl.gz`,
      ),
  );
  addAction<ExportOptions>(command, exportPairs);
}

async function exportPairs({ args, options, output, signal }: ActionContext<ExportOptions>): Promise<void> {
  const sink = await openSink(args[0]);
  const progress = new Progress(output, { unit: 'pairs', now });
  let pairs = 0;
  try {
    await withClient(options, async (client) => {
      const prefix =
        options.prefix === undefined ? {} : { prefix: parseBytes(options.prefix, 'utf8', 'prefix') };
      const ts = options.ts === undefined ? {} : { ts: BigInt(options.ts) };
      for await (const { key, value } of client.scan({ ...prefix, ...ts, signal })) {
        await sink.write(printRecord(key, value!));
        progress.update(++pairs);
      }
    });
    await sink.finish();
  } catch (error) {
    await sink.discard();
    throw error;
  }
  progress.finish(pairs);
  const perSecond = Math.round(progress.ratePerSecond);
  if (args[0] !== undefined && output.json) printJson(output, { pairs, pairsPerSecond: perSecond });
  else output.notes(`${pairs} pairs, ${perSecond}/s\n`);
}

interface Sink {
  write(text: string): Promise<void>;
  finish(): Promise<void>;
  discard(): Promise<void>;
}

/** A file appears under its name only when it is whole and durable. */
async function openSink(path: string | undefined): Promise<Sink> {
  if (path === undefined) return streamSink(process.stdout);
  const temporary = `${path}.tmp-${process.pid}`;
  const file = await open(temporary, 'wx').catch((cause: unknown) => {
    throw new CaissonError('DISK_ERROR', { path: temporary, operation: 'create' }, { cause });
  });
  let waiting: string[] = [];
  let waitingChars = 0;
  const flush = async () => {
    const text = waiting.join('');
    [waiting, waitingChars] = [[], 0];
    await file.writeFile(text);
  };
  return {
    write: async (text) => {
      waiting.push(text);
      waitingChars += text.length;
      if (waitingChars >= WRITE_CHARS) await flush();
    },
    finish: async () => {
      await flush();
      await file.sync();
      await file.close();
      await rename(temporary, path);
    },
    discard: async () => {
      await file.close().catch(() => undefined);
      await rm(temporary, { force: true });
    },
  };
}

function streamSink(stream: NodeJS.WritableStream): Sink {
  return {
    write: async (text) => {
      if (!stream.write(text)) await once(stream, 'drain');
    },
    finish: async () => undefined,
    discard: async () => undefined,
  };
}
