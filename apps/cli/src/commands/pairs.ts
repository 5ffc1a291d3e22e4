import { CaissonError, type Expectation, type Mutation } from '@caisson/contracts';
import { Option, type Command } from 'commander';
import { readFileSync } from 'node:fs';
import { addAction, EXIT } from '../session/action.js';
import { addConnectionOptions, withClient, type ConnectionOptions } from '../session/connection.js';
import { bytesField, parseBytes, printable, printJson, type Encoding } from '../session/output.js';
import { mutationOfRecord, parseRecord } from '../data/records.js';

interface PairOptions extends ConnectionOptions {
  readonly encoding: Encoding;
}

const STDIN = '-';

/** `get`, `put`, `del`, `scan`, `cas` and `batch`: one call each. */
export function addPairCommands(program: Command): void {
  addGet(program);
  addPut(program);
  addDelete(program);
  addScan(program);
  addCas(program);
  addBatch(program);
}

function pairCommand(program: Command, name: string, description: string, examples: string): Command {
  const command = program
    .command(name)
    .description(description)
    .addHelpText('after', `\nExamples:\n${examples}`);
  const encodings = new Option('--encoding <name>', 'how keys and values are written on the command line');
  return addConnectionOptions(command).addOption(
    encodings.choices(['utf8', 'hex', 'base64']).default('utf8'),
  );
}

function addGet(program: Command): void {
  const command = pairCommand(
    program,
    'get',
    'print the value of a key; exit 1 when it is absent',
    '  $ caisson get greeting\n  $ caisson get --encoding hex 00ff --json',
  )
    .argument('<key>')
    .option('--ts <timestamp>', 'read as of this timestamp')
    .option(
      '--stale',
      'read what the node has, without asking whether it is the newest; says how old it may be',
    );
  addAction<PairOptions & { ts?: string; stale?: boolean }>(
    command,
    async ({ args, options, output, signal }) => {
      const key = parseBytes(args[0]!, options.encoding, 'key');
      const ts = options.ts === undefined ? {} : { ts: timestamp(options.ts) };
      const consistency = options.stale ? { consistency: 'stale' as const } : {};
      const { found, staleMs } = await withClient(options, (client) =>
        client.lookup(key, { ...ts, ...consistency, signal }),
      );
      if (output.json) {
        const fields = found ? { ...bytesField('value', found.value), commitTs: found.commitTs } : {};
        const age = options.stale ? { staleMs } : {};
        printJson(output, { ...bytesField('key', key), found: found !== undefined, ...fields, ...age });
      } else if (found) {
        output.out(found.value);
        if (process.stdout.isTTY) output.out('\n');
      }
      if (options.stale && !output.json) output.notes(`as of ${staleMs} ms ago\n`);
      return found ? EXIT.ok : EXIT.absent;
    },
  );
}

function addPut(program: Command): void {
  const command = pairCommand(
    program,
    'put',
    'set a key; a value of "-" is read from standard input',
    '  $ caisson put greeting "hello"\n  $ caisson put picture - < picture.png\n  $ caisson put session abc --ttl 60000',
  )
    .argument('<key>')
    .argument('<value>')
    .option('--ttl <ms>', 'let it expire after so many milliseconds', Number);
  addAction<PairOptions & { ttl?: number }>(command, async ({ args, options, output, signal }) => {
    const key = parseBytes(args[0]!, options.encoding, 'key');
    const value = args[1] === STDIN ? readFileSync(0) : parseBytes(args[1]!, options.encoding, 'value');
    const ttlMs = options.ttl === undefined ? {} : { ttlMs: positive(options.ttl, 'ttl') };
    const commitTs = await withClient(options, (client) => client.put(key, value, { ...ttlMs, signal }));
    if (output.json) printJson(output, { ...bytesField('key', key), commitTs });
  });
}

function addDelete(program: Command): void {
  const command = pairCommand(
    program,
    'del',
    'delete a key, or with --prefix every key that starts with it; exit 1 when there was none',
    '  $ caisson del greeting\n  $ caisson del --prefix user/',
  )
    .argument('[key]')
    .option('--prefix <prefix>', 'delete every key with this prefix, in steps');
  addAction<PairOptions & { prefix?: string }>(command, async ({ args, options, output, signal }) => {
    const { prefix, encoding } = options;
    if ((prefix === undefined) === (args[0] === undefined)) {
      throw new CaissonError('INVALID_ARGUMENT', { field: 'key', limit: 'either a key or --prefix' });
    }
    const deleted = await withClient(options, async (client) => {
      if (prefix !== undefined)
        return client.deletePrefix(parseBytes(prefix, encoding, 'prefix'), { signal });
      return (await client.delete(parseBytes(args[0]!, encoding, 'key'), { signal })) ? 1 : 0;
    });
    if (output.json) printJson(output, { deleted });
    else output.notes(`${deleted} deleted\n`);
    return deleted > 0 ? EXIT.ok : EXIT.absent;
  });
}

interface ScanOptions extends PairOptions {
  readonly prefix?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit?: number;
  readonly reverse?: boolean;
  readonly keysOnly?: boolean;
  readonly ts?: string;
}

function addScan(program: Command): void {
  const command = pairCommand(
    program,
    'scan',
    'list keys and values in order',
    '  $ caisson scan --prefix user/ --limit 20\n  $ caisson scan --from a --to b --reverse --keys-only --json',
  )
    .option('--prefix <prefix>', 'only keys with this prefix')
    .option('--from <key>', 'first key')
    .option('--to <key>', 'first key that is not wanted')
    .option('--limit <n>', 'at most so many', Number)
    .option('--reverse', 'from the last to the first')
    .option('--keys-only', 'without values')
    .option('--ts <timestamp>', 'as of this timestamp');
  addAction<ScanOptions>(command, async ({ options, output, signal }) => {
    const { encoding, reverse, keysOnly } = options;
    const bytes = (field: 'prefix' | 'from' | 'to') =>
      options[field] === undefined ? {} : { [field]: parseBytes(options[field], encoding, field) };
    await withClient(options, async (client) => {
      const pairs = client.scan({
        ...bytes('prefix'),
        ...bytes('from'),
        ...bytes('to'),
        ...(options.limit !== undefined && { limit: positive(options.limit, 'limit') }),
        ...(options.ts !== undefined && { ts: timestamp(options.ts) }),
        ...(reverse && { reverse }),
        ...(keysOnly && { keysOnly }),
        signal,
      });
      for await (const { key, value, commitTs } of pairs) {
        if (output.json) {
          printJson(output, {
            ...bytesField('key', key),
            ...(value && bytesField('value', value)),
            commitTs,
          });
        } else output.out(value ? `${printable(key)}\t${printable(value)}\n` : `${printable(key)}\n`);
      }
    });
  });
}

interface CasOptions extends PairOptions {
  readonly expect?: string;
  readonly absent?: boolean;
  readonly exists?: boolean;
  readonly ts?: string;
}

function addCas(program: Command): void {
  const command = pairCommand(
    program,
    'cas',
    'set a key only if it is as expected; exit 1 when it is not',
    '  $ caisson cas lock me --absent\n  $ caisson cas counter 2 --expect 1',
  )
    .argument('<key>')
    .argument('<value>')
    .option('--expect <value>', 'only if the value is this one')
    .option('--absent', 'only if there is none')
    .option('--exists', 'only if there is one')
    .option('--ts <timestamp>', 'only if the newest version was committed then');
  addAction<CasOptions>(command, async ({ args, options, output, signal }) => {
    const key = parseBytes(args[0]!, options.encoding, 'key');
    const value = parseBytes(args[1]!, options.encoding, 'value');
    const expect = expectationOf(options);
    const outcome = await withClient(options, (client) =>
      client.compareAndSet(key, expect, { op: 'put', key, value }, { signal }),
    );
    if (output.json) printJson(output, outcome);
    else if (outcome.kind === 'failed') output.notes('not as expected, nothing changed\n');
    return outcome.kind === 'committed' ? EXIT.ok : EXIT.notDone;
  });
}

function expectationOf({ expect, absent, exists, ts, encoding }: CasOptions): Expectation {
  const given: Expectation[] = [];
  if (expect !== undefined) given.push({ kind: 'value', value: parseBytes(expect, encoding, 'expect') });
  if (absent) given.push({ kind: 'absent' });
  if (exists) given.push({ kind: 'exists' });
  if (ts !== undefined) given.push({ kind: 'version', ts: timestamp(ts) });
  const [only, second] = given;
  if (only && !second) return only;
  throw new CaissonError('INVALID_ARGUMENT', {
    field: 'expect',
    limit: 'one of --expect --absent --exists --ts',
  });
}

function addBatch(program: Command): void {
  const command = addConnectionOptions(
    program
      .command('batch')
      .description('apply JSON Lines from standard input as one atomic write')
      .addHelpText(
        'after',
        '\nEach line: {"key": …, "value": …} to set, {"key": …, "delete": true} to delete; bytes as keyBase64,\n' +
          'valueBase64; "ttlMs" lets a value expire.\n\nExample:\n' +
          '  $ printf \'{"key":"a","value":"1"}\\n{"key":"b","delete":true}\\n\' | caisson batch',
      ),
  );
  addAction<ConnectionOptions>(command, async ({ options, output, signal }) => {
    const lines = readFileSync(0, 'utf8').split('\n');
    const mutations: Mutation[] = lines.flatMap((line, at) =>
      line.trim() === '' ? [] : [mutationOfRecord(parseRecord(line, at + 1))],
    );
    const outcome = await withClient(options, (client) => client.write({ mutations }, { signal }));
    if (output.json) printJson(output, outcome);
    else output.notes(`${mutations.length} changes committed together\n`);
  });
}

function timestamp(text: string): bigint {
  if (/^\d{1,20}$/.test(text)) return BigInt(text);
  throw new CaissonError('INVALID_ARGUMENT', { field: 'ts', limit: 'a decimal timestamp' });
}

function positive(value: number, field: string): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw new CaissonError('INVALID_ARGUMENT', { field, limit: 'a positive whole number' });
}
