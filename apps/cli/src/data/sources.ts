import { CaissonError } from '@caisson/contracts';
import { parse } from 'csv-parse';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { parseRecord, type DataRecord } from './records.js';

export type DataFormat = 'jsonl' | 'csv' | 'lines';

export interface SourceOptions {
  /** A path, or `-` for standard input. */
  readonly path: string;
  readonly format: DataFormat;
  /** CSV: the column that is the key. */
  readonly keyColumn?: string;
  /** CSV: the column that is the value; without it the whole row as JSON. */
  readonly valueColumn?: string;
  /** Lines: put before the number of the line. */
  readonly keyPrefix?: string;
}

/** Records in the order of the source, and how much of it has been read. */
export interface DataSource {
  readonly records: AsyncIterable<DataRecord>;
  /** Undefined for standard input. */
  readonly file?: { readonly path: string; readonly bytes: number; readonly modifiedMs: number };
  readonly bytesRead: () => number;
}

export async function openSource(options: SourceOptions): Promise<DataSource> {
  if (options.path === '-') return sourceOf(process.stdin, options);
  const status = await stat(options.path).catch((cause: unknown) => {
    throw new CaissonError(
      'INVALID_ARGUMENT',
      { field: 'file', path: options.path, limit: 'readable' },
      { cause },
    );
  });
  const file = { path: options.path, bytes: status.size, modifiedMs: status.mtimeMs };
  const stream = createReadStream(options.path);
  return { ...sourceOf(stream, options), file, bytesRead: () => stream.bytesRead };
}

/** Guesses by the file's name; JSON Lines when it says nothing. */
export function formatOf(path: string): DataFormat {
  if (path.endsWith('.csv')) return 'csv';
  return path.endsWith('.txt') || path.endsWith('.list') ? 'lines' : 'jsonl';
}

function sourceOf(stream: Readable, options: SourceOptions): DataSource {
  const records = options.format === 'csv' ? csvRecords(stream, options) : lineRecords(stream, options);
  return { records, bytesRead: () => 0 };
}

async function* lineRecords(stream: Readable, options: SourceOptions): AsyncGenerator<DataRecord> {
  let number = 0;
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
    number++;
    if (options.format === 'lines') yield numberedLine(line, number, options.keyPrefix ?? '');
    else if (line.trim() !== '') yield parseRecord(line, number);
  }
}

/** Keys sort as the lines do. */
function numberedLine(line: string, number: number, prefix: string): DataRecord {
  const key = `${prefix}${String(number).padStart(9, '0')}`;
  return { key: new Uint8Array(Buffer.from(key)), value: new Uint8Array(Buffer.from(line)) };
}

async function* csvRecords(stream: Readable, options: SourceOptions): AsyncGenerator<DataRecord> {
  const { keyColumn, valueColumn } = options;
  const parser = stream.pipe(parse({ columns: true, bom: true, skip_empty_lines: true }));
  stream.on('error', (error) => parser.destroy(error));
  let number = 1;
  try {
    for await (const row of parser as AsyncIterable<Record<string, string>>) {
      number++;
      const key = row[keyColumn ?? Object.keys(row)[0]!];
      const value = valueColumn === undefined ? JSON.stringify(row) : row[valueColumn];
      if (key === undefined) throw missingColumn('key', keyColumn, number);
      if (value === undefined) throw missingColumn('value', valueColumn, number);
      yield { key: new Uint8Array(Buffer.from(key)), value: new Uint8Array(Buffer.from(value)) };
    }
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && String(cause.code).startsWith('CSV_'))) throw cause;
    throw new CaissonError('INVALID_ARGUMENT', { row: number + 1, field: 'csv', limit: String(cause.code) });
  }
}

function missingColumn(field: string, column: string | undefined, row: number): CaissonError {
  return new CaissonError('INVALID_ARGUMENT', { row, field, limit: `column ${column ?? ''} must exist` });
}
