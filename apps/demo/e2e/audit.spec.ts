/** The record of orders and the disk, after somebody with the disk has been there. */
import { ERRORS } from '@caisson/contracts';
import { createHash } from 'node:crypto';
import { appendFile, cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import RocksDb from 'rocksdb';
import { Playground, runCli } from '../src/index.js';
import { flipped, tamper, type Tampering } from './tampering.js';

const CORRUPT = ERRORS.CORRUPTION.exit;
const LINE = Buffer.from('\x01audit|line|');
const HEAD = Buffer.from('\x01audit|head');
const LIMIT_MS = 120_000;

let playground: Playground;
afterEach(() => playground.remove());

interface Stored {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** Changes rows of the record in a store that is closed. A row without a value goes. */
async function rewrite(
  dataDir: string,
  change: (lines: readonly Stored[], head: Stored) => readonly { key: Buffer; value?: Buffer }[],
): Promise<void> {
  const database = new RocksDb(join(dataDir, 'groups', '1', 'store', 'db'));
  const settle = (start: (done: (error?: Error | null) => void) => void) =>
    new Promise<void>((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
  await settle((done) => database.open({}, done));
  const iterator = database.iterator();
  iterator.seek(HEAD);
  const rows: Stored[] = [];
  for (;;) {
    const row = await new Promise<Stored | undefined>((resolve, reject) =>
      iterator.next((error, key, value) => (error ? reject(error) : resolve(key && { key, value: value! }))),
    );
    if (!row || !row.key.subarray(0, 7).equals(HEAD.subarray(0, 7))) break;
    rows.push(row);
  }
  await settle((done) => iterator.end(done));
  const lines = rows.filter(({ key }) => key.subarray(0, LINE.length).equals(LINE));
  const head = rows.find(({ key }) => key.equals(HEAD))!;
  const batch = database.batch();
  for (const { key, value } of change(lines, head)) {
    if (value) batch.put(key, value);
    else batch.del(key);
  }
  await settle((done) => batch.write({ sync: true }, done));
  await settle((done) => database.close(done));
}

/** The head row of a chain that ends with this line. */
function headOf(count: number, line: Stored): Buffer {
  const head = Buffer.alloc(49);
  head[0] = 1;
  head.writeBigUInt64BE(BigInt(count), 1);
  line.value.copy(head, 9, 1, 9);
  line.value.copy(head, 17, line.value.length - 32);
  return head;
}

test(
  'orders are on record, and whatever is done to the record of a stopped node is found at its line',
  async () => {
    playground = await Playground.create();
    const node = await playground.start();
    for (const purpose of ['storage', 'raft']) {
      const { exitCode } = await playground.cli(node, 'encryption', 'rotate-dek', '--purpose', purpose);
      expect(exitCode).toBe(0);
    }
    await playground.cli(node, 'backup', 'create', join(playground.folder, 'backup'));
    const log = await playground.cli(node, 'audit', 'log', '--json', '--since', '1h');
    const lines = log.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ kind, what, result }) => `${kind} ${what} ${result}`)).toEqual([
      'begun encryption.rotate ',
      'ended encryption.rotate ok',
      'begun encryption.rotate ',
      'ended encryption.rotate ok',
      'begun backup.create ',
      'ended backup.create ok',
    ]);
    const live = await playground.cli(node, 'audit', 'verify', '--json');
    expect([live.exitCode, JSON.parse(live.stdout)]).toMatchObject([
      0,
      { member: 'n1', lines: 6, whole: true },
    ]);
    const { head: noted } = JSON.parse(live.stdout) as { head: string };
    const locked = await runCli(['audit', 'verify', '--data-dir', playground.dataDir]);
    expect([locked.exitCode, locked.stderr]).toEqual([
      ERRORS.DIRECTORY_LOCKED.exit,
      expect.stringContaining('DIRECTORY_LOCKED'),
    ]);
    expect(await node.end('SIGTERM')).toBe(0);

    const cases: readonly [string, Parameters<typeof rewrite>[1], RegExp | undefined][] = [
      ['nothing', () => [], undefined],
      ['changed', ([, line]) => [{ key: line!.key, value: flipped(line!.value, 60) }], /line 2 /],
      ['removed', ([, , line]) => [{ key: line!.key }], /line 3 is missing/],
      [
        'reordered',
        ([, b, c]) => [
          { key: b!.key, value: c!.value },
          { key: c!.key, value: b!.value },
        ],
        /line 2 /,
      ],
      ['truncated', (all) => [{ key: all[5]!.key }], /line 6 is missing: the head row has 6 lines/],
      [
        'truncated with its head row',
        (all, head) => [{ key: all[5]!.key }, { key: head.key, value: headOf(5, all[4]!) }],
        /line 6 is missing: line 6 was noted before/,
      ],
      ['without a head row', (_, head) => [{ key: head.key }], /line 1 /],
    ];
    for (const [name, change, found] of cases) {
      const copy = join(playground.folder, name);
      await cp(playground.dataDir, copy, { recursive: true });
      await rewrite(copy, change);
      const { exitCode, stdout } = await runCli(['audit', 'verify', '--data-dir', copy, '--head', noted]);
      expect([name, exitCode, stdout]).toEqual([
        name,
        found ? CORRUPT : 0,
        expect.stringMatching(found ?? /whole/),
      ]);
    }
  },
  LIMIT_MS,
);

/** Every file with its digest, those of the lock included. */
async function everyFile(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    found[path] = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  }
  return found;
}

test(
  'a disk is proved without a byte of it being changed, and what does not belong there is found',
  async () => {
    playground = await Playground.create();
    const { dataDir, folder, kekPath } = playground;
    const node = await playground.start();
    await playground.cli(node, 'put', 'a', 'canary-of-the-first');
    await playground.cli(node, 'put', 'b', 'canary-of-the-second');
    await playground.cli(node, 'backup', 'create', join(folder, 'backup'));
    const kek = ['--kek-file', kekPath] as const;
    const running = await runCli(['audit', 'disk', dataDir, ...kek]);
    expect(running.stderr).toContain('DIRECTORY_LOCKED');
    expect(await node.end('SIGTERM')).toBe(0);
    const needles = join(folder, 'needles');
    await writeFile(
      needles,
      `canary-of-the-first\nhex:${Buffer.from('canary-of-the-second').toString('hex')}\n`,
    );

    const before = await everyFile(dataDir);
    const report = join(folder, 'report.json');
    const sound = await runCli(['audit', 'disk', dataDir, ...kek, '--needle-file', needles, '--out', report]);
    expect([sound.stdout, sound.exitCode]).toEqual([expect.stringContaining('nothing found'), 0]);
    expect(await everyFile(dataDir)).toEqual(before);
    const bare = await runCli(['audit', 'disk', dataDir, '--json']);
    expect(JSON.parse(bare.stdout)).toMatchObject({ report: { sidecarMac: 'unknown', findings: [] } });

    const check = () => runCli(['audit', 'disk', dataDir, ...kek, '--check', report]);
    expect((await check()).exitCode).toBe(0);
    await writeFile(report, (await readFile(report, 'utf8')).replace('"node": "n1"', '"node": "n2"'));
    expect((await check()).exitCode).toBe(1);

    const tamperings: readonly [string, Tampering, RegExp][] = [
      [
        'flipped',
        ([a]) => [{ key: a!.key, value: flipped(a!.value, a!.value.length - 20) }],
        /1 values are damaged/,
      ],
      ['moved', ([a, b]) => [{ key: a!.key, value: b!.value }], /1 values are damaged/],
      [
        'forged',
        ([a]) => [
          { key: a!.key, value: Buffer.concat([Buffer.alloc(9), Buffer.from('canary-of-the-first')]) },
        ],
        /needle of line 1 stands there[^]*1 values are clear: after the cutover/,
      ],
    ];
    for (const [name, change, found] of tamperings) {
      const copy = join(folder, name);
      await cp(dataDir, copy, { recursive: true });
      await tamper(copy, change);
      const audit = await runCli(['audit', 'disk', copy, ...kek, '--needle-file', needles]);
      expect([name, audit.exitCode, audit.stdout]).toEqual([name, CORRUPT, expect.stringMatching(found)]);
    }

    await appendFile(join(dataDir, 'groups', '1', 'snapshots.tmp'), 'left behind: canary-of-the-second');
    const leftover = await runCli(['audit', 'disk', dataDir, '--needle-file', needles]);
    expect([leftover.exitCode, leftover.stdout]).toEqual([
      CORRUPT,
      expect.stringMatching(/left by a write[^]*snapshots\.tmp: needle of line 2/),
    ]);

    const backup = join(folder, 'backup');
    expect((await runCli(['audit', 'disk', backup, ...kek, '--needle-file', needles])).exitCode).toBe(0);
    const piece = Object.keys(await everyFile(backup)).find((path) => path.includes('groups'))!;
    await writeFile(piece, flipped(await readFile(piece), 200));
    const damaged = await runCli(['audit', 'disk', backup, ...kek]);
    expect([damaged.exitCode, damaged.stdout]).toEqual([
      CORRUPT,
      expect.stringContaining('cannot be proved'),
    ]);
  },
  LIMIT_MS,
);
